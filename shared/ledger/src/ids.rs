//! Ids, parsed once at the wire and trusted inside (law 16).

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// Empty.
    #[error("must not be empty")]
    Empty,
    /// Longer than allowed.
    #[error("has {got} bytes of UTF-8, at most {max} are allowed")]
    TooLong {
        /// Its length in bytes.
        got: usize,
        /// The most there may be.
        max: usize,
    },
    /// A shop's name may hold small letters, digits and `-` only.
    #[error("may hold only a-z, 0-9 and -, and begins with a letter or digit")]
    BadShopName,
    /// Neither `[A-Za-z0-9_-]` nor `~` with base64url of UTF-8.
    #[error("is not in path form: letters, digits, _ and - stand as they are, any other id is ~ and its base64url")]
    BadPathForm,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "schema", schemars(extend("minLength" = 1, "maxLength" = $max)))]
        pub struct $name(String);

        impl $name {
            /// The most bytes of UTF-8 it may have.
            pub const MAX_BYTES: usize = $max;

            /// The id as the shop sent it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id as it stands in URL paths and keys: see [`path_form`].
            #[must_use]
            pub fn path_form(&self) -> String {
                path_form(&self.0)
            }

            /// Reads an id from its path form.
            ///
            /// # Errors
            /// [`BadId`] when it is not in path form, or no id.
            pub fn from_path_form(text: &str) -> Result<$name, BadId> {
                $name::try_from(from_path_form(text)?)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(text: String) -> Result<$name, BadId> {
                match text.len() {
                    0 => Err(BadId::Empty),
                    got if got > $max => Err(BadId::TooLong { got, max: $max }),
                    _ => Ok($name(text)),
                }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

text_id!(
    /// A customer's id as the shop knows them: 1 byte to 1 KB of UTF-8.
    CustomerId,
    1024
);
text_id!(
    /// An order's id: 1 to 255 bytes of UTF-8.
    OrderId,
    255
);
text_id!(
    /// A return's id: 1 to 255 bytes of UTF-8.
    ReturnId,
    255
);
text_id!(
    /// A line's id within its order: 1 to 255 bytes of UTF-8; its position, counted from 1, where the shop gave none.
    LineId,
    255
);
text_id!(
    /// A product's id: 1 to 255 bytes of UTF-8.
    ProductId,
    255
);

text_id!(
    /// A choice's id: 1 to 255 bytes of UTF-8, unique for its customer.
    ChoiceId,
    255
);
text_id!(
    /// A survey answer's id: 1 to 255 bytes of UTF-8, unique for its customer and survey.
    AnswerId,
    255
);

/// A shop: one tenant. Its name stands in every key and in its API keys: small letters, digits and `-`, at most 40.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[a-z0-9][a-z0-9-]{0,39}$")))]
pub struct ShopId(String);

impl ShopId {
    /// The most characters a name may have.
    pub const MAX: usize = 40;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShopId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<ShopId, BadId> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        match text.len() {
            0 => Err(BadId::Empty),
            got if got > ShopId::MAX => Err(BadId::TooLong { got, max: ShopId::MAX }),
            _ if !text.starts_with(plain) || !text.chars().all(|c| plain(c) || c == '-') => Err(BadId::BadShopName),
            _ => Ok(ShopId(text.to_owned())),
        }
    }
}

impl TryFrom<String> for ShopId {
    type Error = BadId;

    fn try_from(text: String) -> Result<ShopId, BadId> {
        text.parse()
    }
}

impl From<ShopId> for String {
    fn from(shop: ShopId) -> String {
        shop.0
    }
}

impl fmt::Display for ShopId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ShopId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id as it stands in URL paths and keys: `[A-Za-z0-9_-]` as it is, any other as `~` and its base64url, since gateways
/// decode paths before anyone sees them, and `#` separates the parts of a key.
#[must_use]
pub fn path_form(id: &str) -> String {
    if is_plain(id) { id.to_owned() } else { format!("~{}", BASE64URL_NOPAD.encode(id.as_bytes())) }
}

fn from_path_form(text: &str) -> Result<String, BadId> {
    match text.strip_prefix('~') {
        None if text.is_empty() => Err(BadId::Empty),
        None if is_plain(text) => Ok(text.to_owned()),
        None => Err(BadId::BadPathForm),
        Some(coded) => {
            let bytes = BASE64URL_NOPAD.decode(coded.as_bytes()).map_err(|_| BadId::BadPathForm)?;
            // A client may encode every id: keys are made of the id, not of what stood in the path.
            String::from_utf8(bytes).map_err(|_| BadId::BadPathForm)
        }
    }
}

fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_one_path_form_that_reads_back() {
        for id in ["A-1_b", "a#b", "a/b", "..", "ö", "'\"", "😀", "a b", "~x", "\0"] {
            let order = OrderId::try_from(id.to_owned()).unwrap();
            let form = order.path_form();
            assert!(form.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-~".contains(&b)), "{form}");
            assert_eq!(OrderId::from_path_form(&form), Ok(order));
        }
        let encoded = OrderId::from_path_form(&format!("~{}", BASE64URL_NOPAD.encode(b"A-1"))).unwrap();
        assert_eq!(encoded.path_form(), "A-1", "a client may encode what needs no encoding");
        for bad in ["", "a.b", "a b", "~", "~!!", "~_w"] {
            assert!(OrderId::from_path_form(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_has_its_limits_in_bytes() {
        assert!(CustomerId::try_from("x".repeat(1024)).is_ok());
        assert_eq!(CustomerId::try_from("ö".repeat(513)), Err(BadId::TooLong { got: 1026, max: 1024 }));
        assert_eq!(OrderId::try_from(String::new()), Err(BadId::Empty));
    }

    #[test]
    fn a_shop_name_is_small_and_plain() {
        assert!("my-shop-2".parse::<ShopId>().is_ok());
        for bad in ["", "-a", "My", "a_b", "a#b", &"x".repeat(41)] {
            assert!(bad.parse::<ShopId>().is_err(), "{bad}");
        }
    }
}
