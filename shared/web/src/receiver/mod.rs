//! Where events may be sent: an address that a shop gives, and what it may stand for. The address comes from outside and the request goes
//! out from inside, so neither the text nor what its host resolves to is trusted.

mod address;

use axum::http::Uri;

pub use address::is_public;

/// Which receivers are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Receivers {
    /// Over https, at public addresses: what everybody may be sent to.
    #[default]
    Public,
    /// Also over http, and on this machine or in its own network: for trying things out, when whoever started the server said so.
    LocalToo,
}

/// Why an address is none that events are sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadReceiver {
    /// It is no absolute address, or has more than that in it.
    #[error(
        "must be an address such as https://example.org/hook, of at most {} characters, without a name and password",
        Receivers::MAX_URL
    )]
    NoAddress,
    /// It is not https.
    #[error("must begin with https://")]
    NotHttps,
    /// A port that other services have.
    #[error("its port must be 443, or 1024 or above")]
    Port,
    /// It names this machine, a network of somebody's own, or one that is no place to send to.
    #[error("must be a public address")]
    NotPublic,
}

impl Receivers {
    /// The longest address.
    pub const MAX_URL: usize = 2048;

    /// Reads an address as a shop gives it. What its host stands for is looked at when something is sent there.
    ///
    /// # Errors
    /// [`BadReceiver`].
    pub fn read(self, text: &str) -> Result<Uri, BadReceiver> {
        let plain =
            text.len() <= Receivers::MAX_URL && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let uri: Uri = text.parse().ok().filter(|_| plain).ok_or(BadReceiver::NoAddress)?;
        let authority = uri.authority().ok_or(BadReceiver::NoAddress)?;
        let (scheme, host) = (uri.scheme_str().unwrap_or_default(), authority.host());
        if authority.as_str().contains('@') || host.is_empty() {
            return Err(BadReceiver::NoAddress);
        }
        match (scheme, self) {
            ("https", _) | ("http", Receivers::LocalToo) => {}
            _ => return Err(BadReceiver::NotHttps),
        }
        // What comes after the host is a port, or the address is none.
        let after = &authority.as_str()[host.len()..];
        if !after.is_empty() && authority.port_u16().is_none() {
            return Err(BadReceiver::NoAddress);
        }
        if authority.port_u16().is_some_and(|port| port != 443 && port < 1024) {
            return Err(BadReceiver::Port);
        }
        match host.trim_start_matches('[').trim_end_matches(']').parse() {
            Ok(address) if !self.allow(address) => Err(BadReceiver::NotPublic),
            Err(_) if self == Receivers::Public && is_a_name_of_no_public_host(host) => Err(BadReceiver::NotPublic),
            _ => Ok(uri),
        }
    }
}

/// Names that no public name server knows: said at once, and not only when nothing arrives.
fn is_a_name_of_no_public_host(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let reserved =
        ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "invalid", "test", "example", "onion"];
    let last = host.rsplit('.').next().unwrap_or_default();
    !host.contains('.')
        || reserved.contains(&last)
        || last.bytes().all(|byte| byte.is_ascii_digit())
        || host.ends_with("home.arpa")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_a_shop_gives_is_public_and_https() {
        let read = |text: &str| Receivers::Public.read(text).map(drop);
        for good in [
            "https://example.org/hook",
            "https://hooks.example.org:8443/a?b=c",
            "https://93.184.215.14/",
            "https://[2606:2800:21f::1]/x",
        ] {
            assert_eq!(read(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", BadReceiver::NoAddress),
            ("/hook", BadReceiver::NoAddress),
            ("example.org", BadReceiver::NotHttps),
            ("https://", BadReceiver::NoAddress),
            ("https://user:secret@example.org/", BadReceiver::NoAddress),
            ("https://example.org/#part", BadReceiver::NoAddress),
            ("https://example.org/a b", BadReceiver::NoAddress),
            ("https://example.org:port/", BadReceiver::NoAddress),
            ("http://example.org/", BadReceiver::NotHttps),
            ("ftp://example.org/", BadReceiver::NotHttps),
            ("https://example.org:25/", BadReceiver::Port),
            ("https://example.org:80/", BadReceiver::Port),
            ("https://localhost/", BadReceiver::NotPublic),
            ("https://metadata.google.internal/", BadReceiver::NotPublic),
            ("https://printer.local/", BadReceiver::NotPublic),
            ("https://router/", BadReceiver::NotPublic),
            ("https://127.0.0.1/", BadReceiver::NotPublic),
            ("https://127.1/", BadReceiver::NotPublic),
            ("https://169.254.169.254/latest/meta-data/", BadReceiver::NotPublic),
            ("https://[::1]/", BadReceiver::NotPublic),
            ("https://[::ffff:10.0.0.1]/", BadReceiver::NotPublic),
            ("https://2130706433/", BadReceiver::NotPublic),
        ] {
            assert_eq!(read(bad), Err(why), "{bad}");
        }
        assert_eq!(read(&format!("https://example.org/{}", "a".repeat(2048))), Err(BadReceiver::NoAddress));
    }

    #[test]
    fn where_local_receivers_are_allowed_the_instances_own_data_are_not() {
        let read = |text: &str| Receivers::LocalToo.read(text).map(drop);
        for good in ["http://127.0.0.1:9000/hook", "http://localhost:9000/", "https://10.0.0.7/", "http://[::1]:9000/"]
        {
            assert_eq!(read(good), Ok(()), "{good}");
        }
        for bad in
            ["http://169.254.169.254/", "http://[fe80::1]/", "http://0.0.0.0:9000/", "http://255.255.255.255:9000/"]
        {
            assert_eq!(read(bad), Err(BadReceiver::NotPublic), "{bad}");
        }
    }
}
