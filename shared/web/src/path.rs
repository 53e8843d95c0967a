//! Ids in URL paths: letters, digits, `_` and `-` as they stand, any other as `~` and base64url (law 16).

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use ledger::{BadId, CustomerId, HookId, KeyId, NotAKeyId, OrderId, ProductId, RedemptionKey};
use segmentation::answers::{NotASurvey, Survey};
use segmentation::{CutsVersion, Segment};

use crate::problem::Problem;

/// What can stand in a path.
pub trait PathPart: Sized {
    /// What it is called in errors.
    const NAME: &'static str;

    /// Reads it.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    fn read(text: &str) -> Result<Self, String>;
}

fn told(bad: BadId) -> String {
    bad.to_string()
}

impl PathPart for CustomerId {
    const NAME: &'static str = "customer";

    fn read(text: &str) -> Result<CustomerId, String> {
        CustomerId::from_path_form(text).map_err(told)
    }
}

impl PathPart for OrderId {
    const NAME: &'static str = "order";

    fn read(text: &str) -> Result<OrderId, String> {
        OrderId::from_path_form(text).map_err(told)
    }
}

impl PathPart for ProductId {
    const NAME: &'static str = "product";

    fn read(text: &str) -> Result<ProductId, String> {
        ProductId::from_path_form(text).map_err(told)
    }
}

impl PathPart for Segment {
    const NAME: &'static str = "segment";

    fn read(text: &str) -> Result<Segment, String> {
        text.parse().map_err(|error: segmentation::segment::NotASegment| error.to_string())
    }
}

impl PathPart for Survey {
    const NAME: &'static str = "survey";

    fn read(text: &str) -> Result<Survey, String> {
        text.parse().map_err(|error: NotASurvey| error.to_string())
    }
}

/// An endpoint's id as it stands in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointId(String);

impl EndpointId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PathPart for EndpointId {
    const NAME: &'static str = "endpoint";

    fn read(text: &str) -> Result<EndpointId, String> {
        let is_one =
            text.strip_prefix("ep_").is_some_and(|hex| hex.len() == 24 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_one { Ok(EndpointId(text.to_owned())) } else { Err("is no endpoint's id".to_owned()) }
    }
}

impl PathPart for u64 {
    const NAME: &'static str = "run";

    fn read(text: &str) -> Result<u64, String> {
        text.parse().map_err(|_| "is a number".to_owned())
    }
}

impl PathPart for u16 {
    const NAME: &'static str = "campaign";

    fn read(text: &str) -> Result<u16, String> {
        text.parse().map_err(|_| format!("is a number up to {}", u16::MAX))
    }
}

impl PathPart for CutsVersion {
    const NAME: &'static str = "cuts";

    fn read(text: &str) -> Result<CutsVersion, String> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let sound = text.len() == 16 && text.bytes().all(digit);
        if sound { Ok(CutsVersion(text.to_owned())) } else { Err("is a version: 16 small hex digits".to_owned()) }
    }
}

impl PathPart for RedemptionKey {
    const NAME: &'static str = "redemption";

    fn read(text: &str) -> Result<RedemptionKey, String> {
        RedemptionKey::from_id(text).ok_or_else(|| "is no redemption's id".to_owned())
    }
}

impl PathPart for KeyId {
    const NAME: &'static str = "key";

    fn read(text: &str) -> Result<KeyId, String> {
        text.parse().map_err(|error: NotAKeyId| error.to_string())
    }
}

impl PathPart for HookId {
    const NAME: &'static str = "hook";

    fn read(text: &str) -> Result<HookId, String> {
        HookId::read(text).ok_or_else(|| "is 16 small hex digits".to_owned())
    }
}

/// The one id of a route.
#[derive(Clone, Debug)]
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: PathPart> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathId<T>, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::field(T::NAME, "is not UTF-8 in the path"))?;
        T::read(&text).map(PathId).map_err(|detail| Problem::field(T::NAME, detail))
    }
}
