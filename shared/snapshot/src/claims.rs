//! What a token says, and its bytes.

use crate::token::NotMade;

/// The most bytes of a body: with everything around it a token stays below the 4 KB of a cookie.
pub const MAX_BODY: usize = 2_048;

const MOMENTS: usize = 16;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The shop's name, 1 to 255 bytes.
    pub shop: String,
    /// When it was made, in seconds since 1970.
    pub issued: i64,
    /// From when on nothing may be offered from it, in seconds since 1970; after `issued`.
    pub expires: i64,
    /// What it is about, at most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

impl Claims {
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, NotMade> {
        let length = u8::try_from(self.shop.len()).ok().filter(|length| *length > 0).ok_or(NotMade::Shop)?;
        if self.issued >= self.expires {
            return Err(NotMade::Times);
        }
        if self.body.len() > MAX_BODY {
            return Err(NotMade::TooLarge(self.body.len()));
        }
        let mut bytes = Vec::with_capacity(MOMENTS + 1 + self.shop.len() + self.body.len());
        bytes.extend(self.issued.to_be_bytes());
        bytes.extend(self.expires.to_be_bytes());
        bytes.push(length);
        bytes.extend(self.shop.as_bytes());
        bytes.extend(&self.body);
        Ok(bytes)
    }

    /// `None`: these are no claims, or such as nobody may make.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Claims> {
        let (issued, rest) = bytes.split_first_chunk::<8>()?;
        let (expires, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first()?;
        let (shop, body) = rest.split_at_checked(usize::from(*length))?;
        let claims = Claims {
            shop: String::from_utf8(shop.to_vec()).ok()?,
            issued: i64::from_be_bytes(*issued),
            expires: i64::from_be_bytes(*expires),
            body: body.to_vec(),
        };
        claims.to_bytes().is_ok().then_some(claims)
    }
}
