//! What every HTTP function shares: who is asking, what time it is, how a request is read and an answer or error written.

mod app;
mod auth;
mod body;
mod clock;
mod deadline;
mod edge;
mod finish;
mod inputs;
mod known_keys;
#[cfg(feature = "lambda")]
pub mod lambda;
mod pages;
mod path;
mod problem;
mod rate;
mod receiver;
mod remembered;
mod routes;
mod strict;
mod wire;

pub use app::App;
pub use auth::{Caller, bearer};
pub use body::{Body, MAX_BODY, at_field, named_field, read_json};
pub use clock::Clock;
pub use deadline::{MOST, Until};
pub use edge::{EdgeTerms, offsets};
pub use finish::{finish, log_request};
pub use inputs::{Question, Subject, inputs, language, series, with_codes};
pub use pages::{Format, PageQuery, Row, cursor, page};
pub use path::{EndpointId, PathId};
pub use problem::{FieldError, Problem};
pub use rate::Rate;
pub use receiver::{BadReceiver, Receivers, is_public};
pub use remembered::Remembered;
pub use routes::{Route, Routes};
pub use wire::{CHANGED, Content, NOT_FOUND, Refused, Shape, Told, Wire};
