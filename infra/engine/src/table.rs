//! A table as the template defines it: what two tables must have in common to hold the same items.
//!
//! Deletion protection, backups, encryption and tags guard data in AWS and mean nothing to a file, so they are no part
//! of it.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TableDescription, TimeToLiveDescription, TimeToLiveSpecification, TimeToLiveStatus,
};

/// A table's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its logical id in the template, which is its name in the engine.
    pub name: String,
    /// Its primary key.
    pub key: Key,
    /// The types of the attributes that its keys name, by attribute.
    pub attributes: BTreeMap<String, ScalarAttributeType>,
    /// Its global secondary indexes, by name.
    pub indexes: BTreeMap<String, Index>,
    /// How its capacity is paid for.
    pub billing: BillingMode,
    /// The attribute that says when an item expires, if items do.
    pub expiry: Option<String>,
}

/// The names of a key's attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The partition key.
    pub hash: String,
    /// The sort key.
    pub range: Option<String>,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its key.
    pub key: Key,
    /// What of an item it holds.
    pub projection: ProjectionType,
    /// The attributes it holds beside the keys if its projection is `INCLUDE`, sorted.
    pub included: Vec<String>,
}

/// One part in which two definitions of a table differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) part: &'static str,
    pub(crate) wanted: String,
    pub(crate) found: String,
}

impl Table {
    /// The definition of a table that exists. `None` if its key is none that DynamoDB allows.
    pub(crate) fn described(table: &TableDescription, expiry: Option<&TimeToLiveDescription>) -> Option<Table> {
        let indexes = table.global_secondary_indexes().iter().map(|index| {
            let projection = index.projection();
            let mut included = projection.map(|p| p.non_key_attributes().to_vec()).unwrap_or_default();
            included.sort();
            let projection = projection.and_then(Projection::projection_type).cloned().unwrap_or(ProjectionType::All);
            let key = Key::described(index.key_schema())?;
            Some((index.index_name()?.to_owned(), Index { key, projection, included }))
        });
        let on = |ttl: &&TimeToLiveDescription| {
            matches!(ttl.time_to_live_status(), Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
        };
        Some(Table {
            name: table.table_name()?.to_owned(),
            key: Key::described(table.key_schema())?,
            attributes: table
                .attribute_definitions()
                .iter()
                .map(|a| (a.attribute_name().to_owned(), a.attribute_type().clone()))
                .collect(),
            indexes: indexes.collect::<Option<_>>()?,
            // A description without a summary is of a table that never was on demand.
            billing: table
                .billing_mode_summary()
                .and_then(|summary| summary.billing_mode())
                .cloned()
                .unwrap_or(BillingMode::Provisioned),
            expiry: expiry.filter(on).and_then(|ttl| ttl.attribute_name()).map(str::to_owned),
        })
    }

    /// The first part in which `found` is not as this definition wants it.
    pub(crate) fn difference(&self, found: &Table) -> Option<Difference> {
        fn part<T: PartialEq + std::fmt::Debug>(part: &'static str, wanted: &T, found: &T) -> Option<Difference> {
            (wanted != found).then(|| Difference { part, wanted: format!("{wanted:?}"), found: format!("{found:?}") })
        }
        part("name", &self.name, &found.name)
            .or_else(|| part("key", &self.key, &found.key))
            .or_else(|| part("key attributes", &self.attributes, &found.attributes))
            .or_else(|| part("indexes", &self.indexes, &found.indexes))
            .or_else(|| part("billing mode", &self.billing, &found.billing))
            .or_else(|| part("expiry attribute", &self.expiry, &found.expiry))
    }

    /// The call that creates this table, all but its expiry, which DynamoDB takes only from a table that exists.
    pub(crate) fn creation(&self, client: &Client) -> Result<CreateTableFluentBuilder, BuildError> {
        let mut call = client
            .create_table()
            .table_name(&self.name)
            .set_key_schema(Some(self.key.schema()?))
            .billing_mode(self.billing.clone());
        for (name, kind) in &self.attributes {
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind.clone());
            call = call.attribute_definitions(attribute.build()?);
        }
        for (name, index) in &self.indexes {
            let included = (!index.included.is_empty()).then(|| index.included.clone());
            let projection = Projection::builder()
                .projection_type(index.projection.clone())
                .set_non_key_attributes(included)
                .build();
            let index = GlobalSecondaryIndex::builder()
                .index_name(name)
                .set_key_schema(Some(index.key.schema()?))
                .projection(projection);
            call = call.global_secondary_indexes(index.build()?);
        }
        Ok(call)
    }

    /// How the table's expiry is set, if it has one.
    pub(crate) fn expiry_specification(&self) -> Result<Option<TimeToLiveSpecification>, BuildError> {
        let specify = |name: &String| TimeToLiveSpecification::builder().enabled(true).attribute_name(name).build();
        self.expiry.as_ref().map(specify).transpose()
    }
}

impl Key {
    /// The key of a schema with one `HASH` attribute, then at most one `RANGE` attribute; any other has none.
    pub(crate) fn of(schema: impl IntoIterator<Item = (String, KeyType)>) -> Option<Key> {
        let mut schema = schema.into_iter();
        let (hash, KeyType::Hash) = schema.next()? else { return None };
        let range = match schema.next() {
            None => None,
            Some((range, KeyType::Range)) => Some(range),
            Some(_) => return None,
        };
        schema.next().is_none().then_some(Key { hash, range })
    }

    fn described(schema: &[KeySchemaElement]) -> Option<Key> {
        Key::of(schema.iter().map(|element| (element.attribute_name().to_owned(), element.key_type().clone())))
    }

    fn schema(&self) -> Result<Vec<KeySchemaElement>, BuildError> {
        let element = |name: &String, role| KeySchemaElement::builder().attribute_name(name).key_type(role).build();
        let hash = element(&self.hash, KeyType::Hash);
        let range = self.range.as_ref().map(|name| element(name, KeyType::Range));
        [hash].into_iter().chain(range).collect()
    }
}
