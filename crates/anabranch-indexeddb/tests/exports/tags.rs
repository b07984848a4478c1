//! Every tag of the dexie format: a row, and the value that it stands for as typed JSON.

use anabranch_core::json::{read_value, value_to_string};

use crate::reading::{dexie_file, read};

/// Reads `{"id":"k","v":…,"$types":…}` and compares `v`.
fn check(v: &str, types: &str, expected: &str) {
    let types = if types.is_empty() { String::new() } else { format!(",\"$types\":{{{types}}}") };
    check_row(&format!("{{\"id\":\"k\",\"v\":{v}{types}}}"), &format!("{{\"id\":\"k\",\"v\":{expected}}}"));
}

fn check_row(row: &str, expected: &str) {
    let contents = read(dexie_file("id", true, &[row]).as_bytes()).unwrap_or_else(|error| panic!("{row}: {error}"));
    let expected = read_value(expected.as_bytes()).unwrap_or_else(|error| panic!("{expected}: {error}"));
    let read = &contents.store("s").records[0].1;
    assert_eq!(*read, expected, "{row} reads as {}", value_to_string(read));
}

fn is_refused(v: &str, types: &str) {
    let row = format!("{{\"id\":\"k\",\"v\":{v},\"$types\":{{{types}}}}}");
    let error = read(dexie_file("id", true, &[&row]).as_bytes()).expect_err(&row).to_string();
    assert!(error.contains("store \"s\", row 0") && error.contains("byte "), "{row}: {error}");
}

#[test]
fn values_without_types_are_what_json_says() {
    let cases = [
        ("null", "null"),
        ("true", "true"),
        ("-1.5e3", "-1500"),
        ("1e999", r#"{"$idb":"number","v":"Infinity"}"#),
        ("-0", r#"{"$idb":"number","v":"-0"}"#),
        ("12345678901234567890123", "1.2345678901234568e22"),
        (r#""\ud83d\ude00""#, "\"\u{1F600}\""),
        (r#""a\ud800""#, r#"{"$idb":"utf16","v":"0061d800"}"#),
        (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        (r#"{"l\udfff":1}"#, r#"{"$idb16:006cdfff":1}"#),
        (r#"{"$idb":5}"#, r#"{"$$idb":5}"#),
        // Files of before version 4 do not mark arrays.
        ("[1,[2]]", "[1,[2]]"),
    ];
    for (v, expected) in cases {
        check(v, "", expected);
    }
}

#[test]
fn every_tag_is_read() {
    let cases = [
        ("0", "undef", r#"{"$idb":"undefined"}"#),
        ("5", "date", r#"{"$idb":"date","v":"1970-01-01T00:00:00.005Z"}"#),
        (r#""NaN""#, "date", r#"{"$idb":"date","v":null}"#),
        (r#""NaN""#, "nan", r#"{"$idb":"number","v":"NaN"}"#),
        (r#""Infinity""#, "infinity", r#"{"$idb":"number","v":"Infinity"}"#),
        (r#""-Infinity""#, "negativeInfinity", r#"{"$idb":"number","v":"-Infinity"}"#),
        (r#""-12345678901234567890""#, "bigint", r#"{"$idb":"bigint","v":"-12345678901234567890"}"#),
        (r#""0""#, "bigintObject", r#"{"$idb":"BigInt","v":"0"}"#),
        (r#"{"source":"a(b)","flags":"yg"}"#, "regexp", r#"{"$idb":"regexp","source":"a(b)","flags":"gy"}"#),
        (r#"[["k",1]]"#, "map", r#"{"$idb":"map","v":[["k",1]]}"#),
        ("[1,2]", "set", r#"{"$idb":"set","v":[1,2]}"#),
        (r#""AQID""#, "arraybuffer", r#"{"$idb":"arraybuffer","v":"AQID"}"#),
        (
            r#"{"encoded":"AQID","byteOffset":1,"byteLength":2}"#,
            "dataview",
            r#"{"$idb":"view","kind":"DataView","buf":{"$idb":"arraybuffer","v":"AQID"},"off":1,"len":2}"#,
        ),
        // Typed arrays of old files bring their buffers with them.
        (
            r#"{"encoded":"AQI=","byteOffset":0,"length":1}"#,
            "int16array",
            r#"{"$idb":"view","kind":"Int16Array","v":"AQI="}"#,
        ),
        (r#"{"type":"t/x","data":"aGk="}"#, "blob2", r#"{"$idb":"blob","type":"t/x","v":"aGk="}"#),
        (r#"{"type":"","stringContents":"h\u00ff"}"#, "blob", r#"{"$idb":"blob","type":"","v":"aP8="}"#),
        (
            r#"{"type":"t","stringContents":"hi","name":"n","lastModified":-5}"#,
            "file",
            r#"{"$idb":"file","type":"t","v":"aGk=","name":"n","lastModified":-5}"#,
        ),
        (
            r#"{"array":[1,2,3,4],"width":1,"height":1}"#,
            "imagedata",
            r#"{"$idb":"imagedata","w":1,"h":1,"d":"AQIDBA=="}"#,
        ),
        ("true", "BooleanObject", r#"{"$idb":"Boolean","v":true}"#),
        ("1.5", "NumberObject", r#"{"$idb":"Number","v":1.5}"#),
        // `new Number(NaN)`: the exporter writes null, of which the importer makes 0.
        ("null", "NumberObject", r#"{"$idb":"Number","v":0}"#),
        (r#""x""#, "StringObject", r#"{"$idb":"String","v":"x"}"#),
        (r#"{"a":1}"#, "userObject", r#"{"a":1}"#),
        (r#"{"jwk":{"k":"secret"},"usages":[]}"#, "cryptokey", r#"{"$idb":"cryptokey","opaque":true,"fp":""}"#),
    ];
    for (v, tag, expected) in cases {
        check(v, &format!(r#""v":"{tag}""#), expected);
    }
    for kind in ["Int8", "Uint8", "Uint8Clamped", "Int16", "Uint16", "Int32", "Uint32", "Float32", "Float64"] {
        let types = format!(r#""v":"{}array2","v.buffer":"arraybuffer""#, kind.to_lowercase());
        let expected = format!(r#"{{"$idb":"view","kind":"{kind}Array","v":""}}"#);
        check(r#"{"buffer":"","byteOffset":0,"length":0}"#, &types, &expected);
    }
    check(
        r#"[{"type":"","stringContents":"f","name":"n","lastModified":1}]"#,
        r#""v":"filelist","v.0":"file""#,
        r#"{"$idb":"filelist","files":[{"$idb":"file","type":"","v":"Zg==","name":"n","lastModified":1}]}"#,
    );
}

#[test]
fn arrays_have_holes_and_further_properties() {
    check(
        "[1,0,3]",
        r#""v":"arrayNonindexKeys","v.1":"sparseUndefined""#,
        r#"{"$idb":"array","len":3,"i":{"0":1,"2":3},"p":{}}"#,
    );
    check(
        "[0,0]",
        r#""v":"arrayNonindexKeys","v.0":"undef","v.1":"sparseUndefined""#,
        r#"{"$idb":"array","len":2,"i":{"0":{"$idb":"undefined"}},"p":{}}"#,
    );
    check(
        r#"{"0":"a","1":0,"length":2,"extra":5,"-1":"n"}"#,
        r#""v":"arrayNonindexKeys","v.1":"sparseUndefined","v.extra":"date""#,
        r#"{"$idb":"array","len":2,"i":{"0":"a"},"p":{"extra":{"$idb":"date","v":"1970-01-01T00:00:00.005Z"},"-1":"n"}}"#,
    );
    check(
        r#"{"0":1,"length":4294967295}"#,
        r#""v":"arrayNonindexKeys""#,
        r#"{"$idb":"array","len":4294967295,"i":{"0":1},"p":{}}"#,
    );
    check(r#"{"0":1,"length":1}"#, r#""v":"arrayNonindexKeys""#, "[1]");
    // A list of tags of which one is special.
    check("[1]", r#""v":["arrayNonindexKeys","set"]"#, r#"{"$idb":"set","v":[1]}"#);
}

#[test]
fn names_may_hold_dots_tildes_nothing_and_lone_surrogates() {
    let date = r#"{"$idb":"date","v":"1970-01-01T00:00:00.005Z"}"#;
    check_row(
        r#"{"id":"k","a.b":5,"~":5,"~1":5,"a":{"":5,"b":7},"\ud800":5,"$types":{"a~1b":"date","~0":"date","~01":"date","a.":"date","\ud800":"date"}}"#,
        &format!(r#"{{"id":"k","a.b":{date},"~":{date},"~1":{date},"a":{{"":{date},"b":7}},"$idb16:d800":{date}}}"#),
    );
    // The empty name at the root adds nothing to the path: its type stands at the path of the root.
    check_row(r#"{"id":"k","":5,"$types":{"":"date"}}"#, &format!(r#"{{"id":"k","":{date}}}"#));
    check_row(r#"{"id":"k","":{"x":5},"$types":{"x":"date"}}"#, &format!(r#"{{"id":"k","":{{"x":{date}}}}}"#));
}

#[test]
fn a_path_that_leads_to_two_places_is_refused() {
    let row = r#"{"id":"k","d":5,"":{"d":5},"$types":{"d":"date"}}"#;
    let error = read(dexie_file("id", true, &[row]).as_bytes()).expect_err("two places").to_string();
    assert!(error.contains("\"d\"") && error.contains("two places"), "{error}");
}

#[test]
fn rows_that_own_types_are_wrapped() {
    check_row(r#"{"$":{"id":"k","$types":5},"$types":true}"#, r#"{"id":"k","$types":5}"#);
    check_row(
        r#"{"$":{"id":"k","$types":5,"d":0},"$types":{"$":{"d":"undef"}}}"#,
        r#"{"id":"k","$types":5,"d":{"$idb":"undefined"}}"#,
    );
    check_row(r#"{"id":"k","$":0,"$types":{"$":"undef"}}"#, r#"{"id":"k","$":{"$idb":"undefined"}}"#);
    check_row(r#"{"id":"k","$":[0],"x":0,"$types":{"x":"undef"}}"#, r#"{"id":"k","$":[0],"x":{"$idb":"undefined"}}"#);
}

#[test]
fn shared_and_cyclic_objects_stay_shared() {
    check_row(
        r##"{"id":"k","a":{"x":1},"b":"#a","c":[["#a"]],"$types":{"b":"#","c":"arrayNonindexKeys","c.0":"arrayNonindexKeys","c.0.0":"#"}}"##,
        r#"{"$idb":"graph","v":{"id":"k","a":{"$idb":"ref","id":0},"b":{"$idb":"ref","id":0},"c":[[{"$idb":"ref","id":0}]]},"defs":[{"x":1}]}"#,
    );
    check_row(
        r##"{"id":"k","self":"#","$types":{"self":"#"}}"##,
        r#"{"$idb":"graph","v":{"$idb":"ref","id":0},"defs":[{"id":"k","self":{"$idb":"ref","id":0}}]}"#,
    );
    check_row(
        r##"{"id":"k","m":[["me","#m"]],"$types":{"m":"map","m.0":"arrayNonindexKeys","m.0.1":"#"}}"##,
        r#"{"$idb":"graph","v":{"id":"k","m":{"$idb":"ref","id":0}},"defs":[{"$idb":"map","v":[["me",{"$idb":"ref","id":0}]]}]}"#,
    );
}

#[test]
fn views_share_their_buffer() {
    check_row(
        r##"{"id":"k","a":{"buffer":"AQIDBA==","byteOffset":0,"length":4},"b":{"buffer":"#a.buffer","byteOffset":2,"length":1},"raw":"#a.buffer","$types":{"a":"uint8array2","a.buffer":"arraybuffer","b":"uint8array2","b.buffer":"#","raw":"#"}}"##,
        r#"{"$idb":"graph","v":{"id":"k","a":{"$idb":"view","kind":"Uint8Array","buf":{"$idb":"ref","id":0},"off":0,"len":4},"b":{"$idb":"view","kind":"Uint8Array","buf":{"$idb":"ref","id":0},"off":2,"len":1},"raw":{"$idb":"ref","id":0}},"defs":[{"$idb":"arraybuffer","v":"AQIDBA=="}]}"#,
    );
    check_row(
        r#"{"id":"k","a":{"encoded":"AQI=","byteOffset":0,"byteLength":2},"b":{"index":0,"byteOffset":1,"byteLength":1},"$types":{"a":"dataview","b":"dataview"}}"#,
        r#"{"$idb":"graph","v":{"id":"k","a":{"$idb":"view","kind":"DataView","buf":{"$idb":"ref","id":0},"off":0,"len":2},"b":{"$idb":"view","kind":"DataView","buf":{"$idb":"ref","id":0},"off":1,"len":1}},"defs":[{"$idb":"arraybuffer","v":"AQI="}]}"#,
    );
}

/// Dates and Blobs are what they hold: a record in which one occurs twice still merges field by field.
#[test]
fn values_without_identity_are_copied() {
    check_row(
        r##"{"id":"k","made":5,"seen":"#made","$types":{"made":"date","seen":"#"}}"##,
        r#"{"id":"k","made":{"$idb":"date","v":"1970-01-01T00:00:00.005Z"},"seen":{"$idb":"date","v":"1970-01-01T00:00:00.005Z"}}"#,
    );
    // A reference to itself is what the exporter makes of a CryptoKey; the key is never taken.
    let key = r#"{"$idb":"cryptokey","opaque":true,"fp":""}"#;
    check_row(
        r##"{"id":"k","v":"#v","w":"#v","$types":{"v":"#","w":"#"}}"##,
        &format!(r#"{{"id":"k","v":{key},"w":{key}}}"#),
    );
}

#[test]
fn what_does_not_fit_its_tag_is_refused_with_its_place() {
    let cases = [
        ("5", "map"),
        ("[[1]]", "map"),
        ("5", "set"),
        (r#""x""#, "date"),
        ("0.5", "date"),
        ("8640000000000001", "date"),
        (r#""05""#, "bigint"),
        (r#""""#, "bigint"),
        ("{}", "regexp"),
        (r#""%""#, "arraybuffer"),
        ("{}", "blob2"),
        (r#"{"type":"","data":{"start":0,"end":1}}"#, "blob2"),
        (r#"{"type":"","stringContents":"\u0100"}"#, "blob"),
        ("{}", "file"),
        ("[5]", "filelist"),
        (r#"{"array":[1],"width":1,"height":1}"#, "imagedata"),
        (r#"{"encoded":"AQID","byteOffset":2,"byteLength":2}"#, "dataview"),
        (r#"{"index":0,"byteOffset":0,"byteLength":0}"#, "dataview"),
        (r#"{"buffer":5,"byteOffset":0,"length":0}"#, "uint8array2"),
        ("5", "nosuchtag"),
        ("5", "constructor"),
        ("5", "#"),
        (r##""#nowhere""##, "#"),
        (r##""#v.x""##, "#"),
        ("5", "bigintObject"),
        ("[]", "BooleanObject"),
        ("[]", "NumberObject"),
        ("5", "StringObject"),
    ];
    for (v, tag) in cases {
        is_refused(v, &format!(r#""v":"{tag}""#));
    }
    is_refused(r#"{"0":1,"length":-1}"#, r#""v":"arrayNonindexKeys""#);
    is_refused(r#"{"5":1,"length":1}"#, r#""v":"arrayNonindexKeys""#);
    is_refused("5", r#""v":["date","set"]"#);
    is_refused("5", r#""v":5"#);
}

#[test]
fn values_nest_64_levels_and_not_65() {
    let nested = |open: &str, levels: usize, close: &str| format!("{}{}", open.repeat(levels), close.repeat(levels));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let inner = |levels| match close {
            "]" => nested(open, levels, close),
            _ => format!("{}{}{}", open.repeat(levels), 1, close.repeat(levels)),
        };
        // The row itself is one level.
        let read_inbound =
            |levels| read(dexie_file("id", true, &[&format!("{{\"id\":1,\"v\":{}}}", inner(levels))]).as_bytes());
        assert!(read_inbound(63).is_ok());
        assert!(read_inbound(64).expect_err("65 levels").to_string().contains("64 levels"));
        let read_outbound = |levels| {
            read(dexie_file("", false, &[&format!("{{\"$\":[1,{}],\"$types\":true}}", inner(levels))]).as_bytes())
        };
        assert!(read_outbound(64).is_ok());
        assert!(read_outbound(65).expect_err("65 levels").to_string().contains("64 levels"));
    }
}
