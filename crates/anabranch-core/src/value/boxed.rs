//! Kinds of values that are seldom met and large: boxed, so that every other value is small.

use super::{Blob, File, ImageData, SparseArray, Value};

impl From<SparseArray> for Value {
    fn from(array: SparseArray) -> Self {
        Value::SparseArray(Box::new(array))
    }
}

impl From<Blob> for Value {
    fn from(blob: Blob) -> Self {
        Value::Blob(Box::new(blob))
    }
}

impl From<File> for Value {
    fn from(file: File) -> Self {
        Value::File(Box::new(file))
    }
}

impl From<ImageData> for Value {
    fn from(image: ImageData) -> Self {
        Value::ImageData(Box::new(image))
    }
}

#[cfg(test)]
mod tests {
    use crate::string::JsString;
    use crate::value::Value;

    #[test]
    fn a_property_is_as_large_as_a_cache_line_at_most() {
        assert!(size_of::<JsString>() <= 2 * size_of::<usize>());
        assert!(size_of::<(JsString, Value)>() <= 64);
    }
}
