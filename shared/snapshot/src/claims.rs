//! What a token says, and its bytes.

use crate::token::NotMade;

/// The most bytes of a body: with everything around it a token stays well below the 4 KB of a cookie.
pub const MAX_BODY: usize = 2_048;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// When it was made, in seconds since 1970.
    pub issued: i64,
    /// From when on nothing may be offered from it, in seconds since 1970; after `issued`.
    pub expires: i64,
    /// What it is about, at most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

impl Claims {
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, NotMade> {
        if self.issued >= self.expires {
            return Err(NotMade::Times);
        }
        if self.body.len() > MAX_BODY {
            return Err(NotMade::TooLarge(self.body.len()));
        }
        let (issued, expires) = (self.issued.to_be_bytes(), self.expires.to_be_bytes());
        Ok([&issued[..], &expires, &self.body].concat())
    }

    /// `None`: these are no claims, or such as nobody may make.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Claims> {
        let (issued, rest) = bytes.split_first_chunk::<8>()?;
        let (expires, body) = rest.split_first_chunk::<8>()?;
        let (issued, expires) = (i64::from_be_bytes(*issued), i64::from_be_bytes(*expires));
        let claims = Claims { issued, expires, body: body.to_vec() };
        claims.to_bytes().is_ok().then_some(claims)
    }
}
