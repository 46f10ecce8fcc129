//! `$select`.

use serde_json::Value;

use super::access::Context;
use crate::microsoft365::errors::GraphError;

/// The wanted properties, which the type must have.
pub(crate) fn wanted(
    context: &Context<'_>,
    kind: &str,
    known: &[&str],
) -> Result<Option<Vec<String>>, GraphError> {
    let Some(text) = context.param("$select") else {
        return Ok(None);
    };
    let mut names = Vec::new();
    for name in text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        // A part of a property stands for all of it here.
        let name = name.split('/').next().unwrap_or(name);
        match known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) => names.push((*known).to_owned()),
            None => {
                return Err(GraphError::bad_request(format!(
                    "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type \
                     'microsoft.graph.{kind}'."
                )));
            }
        }
    }
    Ok(Some(names))
}

/// Takes away what is not wanted, ids too; annotations stay.
pub(crate) fn only(mut resource: Value, names: &[String]) -> Value {
    if let Some(fields) = resource.as_object_mut() {
        fields.retain(|name, _| name.starts_with('@') || names.iter().any(|wanted| wanted == name));
    }
    resource
}

/// Takes away what is not wanted; ids and annotations stay.
pub(crate) fn narrowed(mut resource: Value, select: Option<&[String]>) -> Value {
    if let (Some(fields), Some(select)) = (resource.as_object_mut(), select) {
        fields.retain(|name, _| {
            name == "id" || name.starts_with('@') || select.iter().any(|wanted| wanted == name)
        });
    }
    resource
}
