//! Text in HTML pages.
//!
//! **Invariant:** escaped text is text and nothing else wherever it stands: in an element, in an attribute in double
//! quotes, or, as data, in a script.

use azl_host::terminal::harmless;

/// Returns the text as it is written in an element or in an attribute in double quotes.
pub(crate) fn escape(text: &str) -> String {
    let text = harmless(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Returns JSON as it is written in a `script` element: nothing in it can end the element.
pub(crate) fn data(value: &serde_json::Value) -> String {
    let json = value.to_string();
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\u{2028}', "\\u2028")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_an_element_an_attribute_or_a_script() {
        assert_eq!(escape("<a b=\"c\" d='e'>&\u{1b}"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;␛");
        let value = serde_json::json!({ "name": "</script><!-- &" });
        assert_eq!(data(&value), "{\"name\":\"\\u003c/script\\u003e\\u003c!-- \\u0026\"}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&data(&value)).expect("JSON"), value);
    }
}
