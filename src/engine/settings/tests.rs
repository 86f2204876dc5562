//! Tests of the table of settings.

use super::text::parse_memory;
use super::*;
use crate::engine::config::BufferLimit;

#[test]
fn several_words_may_come_as_one_argument() {
    let name = "client-output-buffer-limit";
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    let setting = setting.expect("it is a setting");
    let (mut one, mut many) = (Config::default(), Config::default());
    let words = ["normal", "1mb", "0", "0"].map(|word| word.as_bytes().to_vec());
    assert_eq!(setting.set_words(&mut many, &words), Ok(()));
    assert_eq!(setting.set_words(&mut one, &[words.join(&b' ')]), Ok(()));
    assert_eq!(one.client_output_buffer_limit[0].hard_bytes, 1024 * 1024);
    assert_eq!(setting.get(&one), setting.get(&many));
}

#[test]
fn config_set_parts_words_at_each_blank_and_takes_so_many() {
    let setting = find(b"client-output-buffer-limit").expect("it is a setting");
    let mut config = Config::default();
    let refused = "Wrong number of arguments in buffer limit configuration.".to_owned();
    assert_eq!(setting.set(&mut config, b"normal  1 0 0"), Err(refused));
    let lines = [b"normal  1 0 0".to_vec()];
    assert_eq!(setting.set_words(&mut config, &lines), Ok(()));
    let many = "normal 2 0 0 ".repeat(MAX_WORDS / 4);
    let most = many.trim_end().as_bytes();
    assert_eq!(setting.set(&mut config, most), Ok(()));
    assert_eq!(
        setting.set(&mut config, many.as_bytes()),
        Err("there may be 1024 words".to_owned())
    );
}

#[test]
fn names_are_unique_and_every_value_can_be_set_to_itself() {
    let mut config = Config::default();
    for (i, setting) in SETTINGS.iter().enumerate() {
        assert!(
            SETTINGS[i + 1..]
                .iter()
                .all(|other| other.name != setting.name),
            "{}",
            setting.name
        );
        let text = setting.get(&config);
        assert_eq!(setting.set(&mut config, &text), Ok(()), "{}", setting.name);
        assert_eq!(setting.get(&config), text, "{}", setting.name);
    }
}

#[test]
fn memory_has_units() {
    assert_eq!(parse_memory(b"64mb"), Some(64 << 20));
    assert_eq!(parse_memory(b"1K"), Some(1000));
    assert_eq!(parse_memory(b"12"), Some(12));
    for wrong in [
        "",
        "mb",
        "1x",
        "-1",
        "9999999999999999999",
        "9223372036854775807kb",
    ] {
        assert_eq!(parse_memory(wrong.as_bytes()), None, "{wrong}");
    }
}

#[test]
fn buffer_limits_change_class_by_class() {
    let mut config = Config::default();
    let setting = find(b"Client-Output-Buffer-Limit").expect("it is in the table");
    assert_eq!(
        setting.set(&mut config, b"pubsub 32mb 8mb 60 normal 1kb 512 1"),
        Ok(())
    );
    assert_eq!(
        config.client_output_buffer_limit[0],
        BufferLimit {
            hard_bytes: 1024,
            soft_bytes: 512,
            soft_s: 1
        }
    );
    assert!(setting.set(&mut config, b"normal 1kb 512").is_err());
}

#[test]
fn a_part_of_something_is_a_percentage() {
    let mut config = Config::default();
    let setting = find(b"maxmemory-clients").expect("it is in the table");
    for (text, shown) in [("5%", "5%"), ("1k", "1000"), ("100%", "100%"), ("0%", "0")] {
        assert_eq!(setting.set(&mut config, text.as_bytes()), Ok(()));
        assert_eq!(setting.get(&config), shown.as_bytes());
    }
    for wrong in ["101%", "-5", "-5%", "%", "1.5%", "10%b", "x"] {
        assert!(
            setting.set(&mut config, wrong.as_bytes()).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn what_is_lacking_is_refused_with_the_reason() {
    let mut config = Config::default();
    let setting = find(b"appendonly").expect("it is in the table");
    let error = setting
        .set(&mut config, b"yes")
        .expect_err("there is no append-only file");
    assert!(error.contains("memory only"), "{error}");
}
