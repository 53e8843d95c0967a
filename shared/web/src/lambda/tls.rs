//! Whose word a function takes for it that it speaks with AWS.
//!
//! The SDK reads all of the machine's root certificates when the first client is made, some 140 of them: most of a cold start.
//! Its clients call nobody but AWS, whose services in the commercial regions show certificates under Amazon's own roots
//! (<https://www.amazontrust.com/repository/>); so those are in the binary, and no other authority's mistake can pass for AWS.
//! Shops' receivers of events may be under any root: `functions/events` has a client of its own for them.

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, HttpClientError};

/// Amazon Root CA 1 to 4, and the Starfield root that came before them; the first of them ends in 2037.
const AMAZON: &str = include_str!("amazon_roots.pem");

/// Regions of partitions of their own, whose certificates may come from elsewhere.
const APART: [&str; 4] = ["cn-", "us-gov-", "us-iso", "eusc-"];

/// The client that all services of a binary share.
///
/// # Errors
/// None known: the roots are a constant.
pub(crate) fn http_client(region: &str) -> Result<SharedHttpClient, HttpClientError> {
    believing(roots(region))
}

/// Amazon's alone, or where the region lies apart the machine's.
fn roots(region: &str) -> TrustStore {
    let apart = APART.iter().any(|prefix| region.starts_with(prefix));
    if apart { TrustStore::default() } else { TrustStore::empty().with_pem_certificate(AMAZON) }
}

fn believing(roots: TrustStore) -> Result<SharedHttpClient, HttpClientError> {
    let context = TlsContext::builder().with_trust_store(roots).build()?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context).build_https())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::config::retry::RetryConfig;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
    use data_encoding::HEXLOWER;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use sha2::{Digest, Sha256};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

    use super::*;

    /// As Amazon publishes them: SHA-256 of each root.
    const PUBLISHED: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_roots_are_the_ones_that_amazon_publishes() {
        let roots = CertificateDer::pem_slice_iter(AMAZON.as_bytes())
            .map(|root| HEXLOWER.encode(&Sha256::digest(root.unwrap())));
        assert_eq!(roots.collect::<Vec<_>>(), PUBLISHED);
    }

    #[test]
    fn the_machines_roots_are_believed_in_regions_apart_alone() {
        let machines = |region: &&str| format!("{:?}", roots(region)).contains("enable_native_roots: true");
        let regions = ["eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1", "me-central-1", "eusc-de-east-1"];
        let apart: Vec<_> = regions.into_iter().filter(machines).collect();
        assert_eq!(apart, ["cn-north-1", "us-gov-west-1", "eusc-de-east-1"]);
    }

    /// A server that shows a certificate for `localhost` under a root of its own, and how many handshakes came to an end.
    struct Server {
        address: SocketAddr,
        root: String,
        handshakes: tokio::sync::watch::Receiver<usize>,
    }

    async fn server() -> Server {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let shown = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![shown.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (address, root) = (listener.local_addr().unwrap(), authority.pem());
        let (done, handshakes) = tokio::sync::watch::channel(0);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if acceptor.accept(stream).await.is_ok() {
                    done.send_modify(|count| *count += 1);
                }
            }
        });
        Server { address, root, handshakes }
    }

    /// Makes a call through this client, which the server hangs up on after the handshake; how many handshakes it came to.
    async fn handshakes(server: &Server, http: SharedHttpClient) -> usize {
        let before = *server.handshakes.borrow();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("none", "none", None, None, "test"))
            .endpoint_url(format!("https://localhost:{}", server.address.port()))
            .retry_config(RetryConfig::disabled())
            .http_client(http)
            .build();
        let answer = Client::from_conf(config).list_tables().send().await;
        assert!(answer.is_err(), "the server never answers");
        *server.handshakes.borrow() - before
    }

    #[tokio::test]
    async fn a_server_under_another_root_is_hung_up_on() {
        let server = server().await;
        let its_own = TrustStore::empty().with_pem_certificate(server.root.as_str());
        assert_eq!(handshakes(&server, believing(its_own).unwrap()).await, 1);
        assert_eq!(handshakes(&server, http_client("eu-central-1").unwrap()).await, 0);
    }
}
