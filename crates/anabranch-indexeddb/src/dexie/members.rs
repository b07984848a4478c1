//! The order in which JavaScript meets the properties of an object.

use anabranch_core::{JsString, Object, Value};

use super::revive::position;

/// Names that are array positions come first, by number; then the others. The first occurrence of a shared object is
/// the one that this order meets first.
pub(super) fn in_javascript_order(object: &Object) -> impl Iterator<Item = (&JsString, &Value)> {
    let mut positions: Vec<(u32, (&JsString, &Value))> =
        object.iter().filter_map(|member| Some((position(member.0)?, member))).collect();
    positions.sort_by_key(|(position, _)| *position);
    let others = object.iter().filter(|(name, _)| position(name).is_none());
    positions.into_iter().map(|(_, member)| member).chain(others)
}
