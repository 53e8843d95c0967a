//! Receivers over https: a checked address is connected to under the name of the receiver, and its certificate must be of that name.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use std::net::IpAddr;
use std::sync::Arc;

use chrono::DateTime;
use events::{Failure, Sender, Sent};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use web::Receivers;

/// A server with a certificate for `name` under a root of its own; it tells the name it was asked for and the request.
struct Server {
    port: u16,
    root: CertificateDer<'static>,
    seen: mpsc::UnboundedReceiver<(String, String)>,
}

async fn server(name: &str) -> Server {
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let shown = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![shown.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (port, root) = (listener.local_addr().unwrap().port(), authority.der().clone());
    let (tell, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap_or(0);
            tell.send((name, String::from_utf8_lossy(&request[..read]).into_owned())).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    Server { port, root, seen }
}

/// A way to receivers that finds every name at this machine.
fn sender(root: &CertificateDer<'static>) -> Sender {
    let here = |_| Box::pin(std::future::ready(Ok(vec![IpAddr::from([127, 0, 0, 1])]))) as _;
    Sender::new(Receivers::LocalToo).resolving(Arc::new(here)).trusting(vec![root.clone()])
}

async fn post(sender: &Sender, host: &str, port: u16) -> Result<Sent, Failure> {
    let (url, at) = (format!("https://{host}:{port}/hook?a=b"), DateTime::from_timestamp(1_795_348_800, 0).unwrap());
    sender.post(&url, "acme:1", at, "v1,x", "{}".to_owned()).await
}

#[tokio::test]
async fn a_receiver_is_greeted_by_its_own_name_at_the_address_that_was_checked() {
    let mut server = server("hooks.shop.org").await;
    assert_eq!(post(&sender(&server.root), "hooks.shop.org", server.port).await, Ok(Sent));
    let (name, request) = server.seen.recv().await.unwrap();
    assert_eq!(name, "hooks.shop.org");
    assert!(request.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: hooks.shop.org:{}\r\n", server.port)), "{request}");
    assert!(request.contains("webhook-timestamp: 1795348800\r\n"), "{request}");
}

#[tokio::test]
async fn a_certificate_of_another_name_or_root_is_hung_up_on() {
    let (mut ours, theirs) = (server("hooks.shop.org").await, server("hooks.shop.org").await);
    for (root, host) in [(&ours.root, "other.shop.org"), (&theirs.root, "hooks.shop.org")] {
        let failed = post(&sender(root), host, ours.port).await;
        assert!(matches!(&failed, Err(Failure::Unreachable(why)) if why.contains("certificate")), "{failed:?}");
    }
    assert!(ours.seen.try_recv().is_err(), "nothing was said to it");
}
