//! The tables of `infra/template.yaml`: defined there once, for AWS and for the engine.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::UnknownVariantError;
use aws_sdk_dynamodb::types::{BillingMode, KeyType, ProjectionType, ScalarAttributeType};
use serde::Deserialize;
use serde_yaml_ng::Value;
use thiserror::Error;

use crate::table::{Index, Key, Table};

const TEMPLATE: &str = include_str!("../../template.yaml");

/// Why a template's tables could not be read.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// It is no YAML, or has no `Resources` with a `Type` each.
    #[error("the template is not one of CloudFormation")]
    NotATemplate(#[source] serde_yaml_ng::Error),
    /// A table lacks a property, has one of another form, or one that the engine does not know: it would be missing
    /// from the local table without a word.
    #[error("the engine cannot read the properties of table {table}")]
    Properties {
        /// The table's logical id.
        table: String,
        /// What is wrong, naming the property.
        source: serde_yaml_ng::Error,
    },
    /// A property has a value that the SDK does not know.
    #[error("table {table} has an unknown value")]
    UnknownValue {
        /// The table's logical id.
        table: String,
        /// The value.
        source: UnknownVariantError,
    },
    /// A key schema is not one `HASH` attribute, then at most one `RANGE` attribute.
    #[error("table {table} has a key that is not one HASH attribute and at most one RANGE attribute")]
    Key {
        /// The table's logical id.
        table: String,
    },
}

/// The tables of the deployed template, in the order of their names.
///
/// # Errors
///
/// If the template built into this crate has a table that the engine cannot make.
pub fn tables() -> Result<Vec<Table>, TemplateError> {
    read(TEMPLATE)
}

/// The tables of any template.
pub(crate) fn read(template: &str) -> Result<Vec<Table>, TemplateError> {
    let template: Template = serde_yaml_ng::from_str(template).map_err(TemplateError::NotATemplate)?;
    let tables = template.resources.into_iter().filter(|(_, resource)| resource.kind == "AWS::DynamoDB::Table");
    tables.map(|(name, resource)| table(name, resource.properties)).collect()
}

fn table(name: String, properties: Value) -> Result<Table, TemplateError> {
    let table: Properties = serde_yaml_ng::from_value(properties)
        .map_err(|source| TemplateError::Properties { table: name.clone(), source })?;
    let unknown = |source| TemplateError::UnknownValue { table: name.clone(), source };
    let key = |schema: Vec<Element>| {
        let role = |e: Element| Ok((e.attribute_name, KeyType::try_parse(&e.key_type).map_err(unknown)?));
        let schema = schema.into_iter().map(role).collect::<Result<Vec<_>, TemplateError>>()?;
        Key::of(schema).ok_or_else(|| TemplateError::Key { table: name.clone() })
    };
    let indexes = table.global_secondary_indexes.into_iter().map(|index| {
        let key = key(index.key_schema)?;
        let projection = ProjectionType::try_parse(&index.projection.projection_type).map_err(unknown)?;
        let mut included = index.projection.non_key_attributes;
        included.sort();
        Ok((index.index_name, Index { key, projection, included }))
    });
    Ok(Table {
        key: key(table.key_schema)?,
        attributes: table
            .attribute_definitions
            .into_iter()
            .map(|a| Ok((a.attribute_name, ScalarAttributeType::try_parse(&a.attribute_type).map_err(unknown)?)))
            .collect::<Result<_, _>>()?,
        indexes: indexes.collect::<Result<BTreeMap<_, _>, _>>()?,
        billing: BillingMode::try_parse(&table.billing_mode).map_err(unknown)?,
        expiry: table.time_to_live_specification.filter(|ttl| ttl.enabled).map(|ttl| ttl.attribute_name),
        name,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    properties: Value,
}

/// The properties of `AWS::DynamoDB::Table` that the engine acts on, and by name those that it knows it can ignore.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    billing_mode: String,
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<Element>,
    #[serde(default)]
    global_secondary_indexes: Vec<IndexProperties>,
    /// Left out here: the engine (dynoxide-rs 3.2) numbers each stream record by a scan over all earlier ones, so every
    /// write would be slower than the one before (25 ms after 10,000). What takes its place is in `stream.rs`.
    #[serde(rename = "StreamSpecification")]
    _stream: Option<Value>,
    time_to_live_specification: Option<TimeToLive>,
    #[serde(rename = "DeletionProtectionEnabled")]
    _deletion_protection: Option<Value>,
    #[serde(rename = "PointInTimeRecoverySpecification")]
    _recovery: Option<Value>,
    #[serde(rename = "SSESpecification")]
    _encryption: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Element {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct IndexProperties {
    index_name: String,
    key_schema: Vec<Element>,
    projection: ProjectionProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ProjectionProperties {
    projection_type: String,
    #[serde(default)]
    non_key_attributes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOPS: &str = "
Resources:
  Shops:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
";

    #[test]
    fn what_is_no_table_and_the_tags_of_cloudformation_are_passed_over() {
        let template = format!(
            "{SHOPS}      Tags: [{{ Key: stage, Value: !Ref Stage }}]
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt Role.Arn
      Name: !Sub
        - ${{A}}
        - {{ A: !Select [0, !Split [',', !ImportValue x]] }}
  Topic: {{ Type: AWS::SNS::Topic }}
"
        );
        let tables = read(&template).unwrap();
        assert_eq!(tables.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["Shops"]);
        assert_eq!(tables[0].key, Key { hash: "pk".to_owned(), range: None });
    }

    #[test]
    fn a_property_that_the_engine_does_not_know_is_an_error_and_named() {
        let source = match read(&format!("{SHOPS}      LocalSecondaryIndexes: []\n")).unwrap_err() {
            TemplateError::Properties { table, source } if table == "Shops" => source,
            other => panic!("{other}"),
        };
        assert!(source.to_string().contains("LocalSecondaryIndexes"), "{source}");
    }

    #[test]
    fn values_and_keys_that_do_not_exist_are_errors() {
        let with = |from: &str, to: &str| read(&SHOPS.replace(from, to)).unwrap_err();
        assert!(matches!(with("HASH", "HASCH"), TemplateError::UnknownValue { .. }));
        assert!(matches!(with("AttributeType: S", "AttributeType: T"), TemplateError::UnknownValue { .. }));
        assert!(matches!(with("PAY_PER_REQUEST", "FREE"), TemplateError::UnknownValue { .. }));
        assert!(matches!(with("HASH", "RANGE"), TemplateError::Key { .. }));
        assert!(matches!(with("[{ AttributeName: pk, KeyType: HASH }]", "[]"), TemplateError::Key { .. }));
        assert!(matches!(read("[]").unwrap_err(), TemplateError::NotATemplate(_)));
    }
}
