//! What routes take and give, said where they are mounted. Only the OpenAPI document is made of it: without the feature `schema`, as in
//! every binary that serves, nothing of it is kept.

use crate::pages::Row;
use crate::routes::Routes;

/// What can be told of in the document: what schemars knows, where there is schemars.
#[cfg(feature = "schema")]
pub trait Wire: schemars::JsonSchema {}
#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> Wire for T {}

/// What can be told of in the document: anything, since nothing is.
#[cfg(not(feature = "schema"))]
pub trait Wire {}
#[cfg(not(feature = "schema"))]
impl<T> Wire for T {}

/// How the schema of a type is written.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Makes it, or a reference to it, in a generator.
    #[cfg(feature = "schema")]
    pub make: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl Shape {
    /// Of a type.
    #[must_use]
    pub fn of<T: Wire>() -> Shape {
        Shape {
            #[cfg(feature = "schema")]
            make: schemars::SchemaGenerator::subschema_for::<T>,
        }
    }
}

/// What a body is.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// There is none.
    Nothing,
    /// One JSON document.
    Json(Shape),
    /// A JSON document in each line.
    Lines(Shape),
    /// A form's fields.
    Form(Shape),
    /// Anything else, by its media type.
    Other(&'static str),
}

/// A status, and the name that the problem's `type` ends with.
pub type Refused = (u16, &'static str);

/// What the path names is not there.
pub const NOT_FOUND: Refused = (404, "not-found");
/// Somebody else changed the same at that moment.
pub const CHANGED: Refused = (409, "changed-meanwhile");

/// What is told of a route, beyond what holds for all of its kind (see [`Routes`]).
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The fields of its query.
    pub asks: Option<Shape>,
    /// Bodies that it takes; none: it reads no body.
    pub takes: Vec<Content>,
    /// May the body be left out?
    pub or_nothing: bool,
    /// What it answers when all is well, or says in words of its own.
    pub gives: Vec<(u16, Content)>,
    /// What it refuses.
    pub refuses: Vec<Refused>,
    /// Header fields of an answer, with what they say.
    pub headers: Vec<(u16, &'static str, &'static str)>,
}

/// Of the route that was listed last. What every route with a key may answer is not said again at each: 401, 403, 429; 422 where there is
/// an id, a query or a body; 400 and 413 of a JSON body. Every route may answer 503.
impl Routes {
    /// It takes the fields of `T` as its query.
    #[must_use]
    pub fn asks<T: Wire>(self) -> Routes {
        self.tell(|told| told.asks = Some(Shape::of::<T>()))
    }

    /// It takes a JSON document.
    #[must_use]
    pub fn takes<T: Wire>(self) -> Routes {
        self.tell(|told| told.takes.push(Content::Json(Shape::of::<T>())))
    }

    /// It takes a JSON document, or no body at all.
    #[must_use]
    pub fn may_take<T: Wire>(self) -> Routes {
        self.takes::<T>().tell(|told| told.or_nothing = true)
    }

    /// It takes a form's fields.
    #[must_use]
    pub fn takes_form<T: Wire>(self) -> Routes {
        self.tell(|told| told.takes.push(Content::Form(Shape::of::<T>())))
    }

    /// It takes bytes of a media type, read by rules that no schema tells.
    #[must_use]
    pub fn takes_raw(self, media: &'static str) -> Routes {
        self.tell(|told| told.takes.push(Content::Other(media)))
    }

    /// It answers with a JSON document. Said again of the same status: with one or the other.
    #[must_use]
    pub fn gives<T: Wire>(self, status: u16) -> Routes {
        self.tell(|told| told.gives.push((status, Content::Json(Shape::of::<T>()))))
    }

    /// It answers without a body.
    #[must_use]
    pub fn gives_nothing(self, status: u16) -> Routes {
        self.tell(|told| told.gives.push((status, Content::Nothing)))
    }

    /// It answers with a body of a media type that has no schema, such as a page.
    #[must_use]
    pub fn gives_raw(self, status: u16, media: &'static str) -> Routes {
        self.tell(|told| told.gives.push((status, Content::Other(media))))
    }

    /// It answers 200 with a page of a list ([`crate::page`]).
    #[must_use]
    pub fn lists<T: Row + Wire>(self) -> Routes {
        const NEXT: &str = "The cursor of the next page, if there is one";
        let routes = self.gives::<List<T>>(200).tell(|told| {
            told.gives.push((200, Content::Lines(Shape::of::<T>())));
            told.headers.push((200, "tercile-next", NEXT));
        });
        if T::COLUMNS.is_empty() { routes } else { routes.gives_raw(200, "text/csv") }
    }

    /// An answer has a header field.
    #[must_use]
    pub fn heads(self, status: u16, name: &'static str, what: &'static str) -> Routes {
        self.tell(|told| told.headers.push((status, name, what)))
    }

    /// It refuses what is asked with these problems.
    #[must_use]
    pub fn refuses(self, refused: &[Refused]) -> Routes {
        self.tell(|told| told.refuses.extend_from_slice(refused))
    }
}

/// A page of a list, as JSON.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "{T}List"))]
#[expect(dead_code, reason = "what `page` writes has references to what it lists")]
struct List<T> {
    items: Vec<T>,
    /// The cursor of the next page; `null` on the last one.
    #[cfg_attr(feature = "schema", schemars(required, extend("type" = ["string", "null"])))]
    next: Option<String>,
}
