//! Lines broken between words, so that a terminal does not break them within.

use console::measure_text_width;

/// Longer lines are hard to read, however wide the terminal is.
pub const WIDEST: usize = 100;

/// `text` in lines of at most `width` columns. What was indented stays so; a word that is longer has a line of its own.
pub fn wrapped(text: &str, width: usize) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| wrapped_line(line, width)).collect();
    lines.join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    if measure_text_width(line) <= width {
        return line.to_owned();
    }
    let words = line.trim_start_matches(' ');
    let indent = &line[..line.len() - words.len()];
    let mut shown = indent.to_owned();
    let mut used = indent.len();
    for word in words.split_inclusive(' ') {
        let columns = measure_text_width(word.trim_end_matches(' '));
        if used > indent.len() && used + columns > width {
            shown.truncate(shown.trim_end_matches(' ').len());
            shown.push('\n');
            shown.push_str(indent);
            used = indent.len();
        }
        shown.push_str(word);
        used += measure_text_width(word);
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_keep_their_indent() {
        assert_eq!(wrapped("  one two three four", 11), "  one two\n  three\n  four");
        assert_eq!(wrapped("one extraordinarily two", 10), "one\nextraordinarily\ntwo");
        assert_eq!(wrapped("short\n\nlines", 10), "short\n\nlines");
    }

    #[test]
    fn colours_take_no_room_and_wide_letters_take_two() {
        let red = "\u{1b}[31merror:\u{1b}[0m no key";
        assert_eq!(wrapped(red, 13), red);
        assert_eq!(wrapped("晨光 设计", 8), "晨光\n设计");
    }

    proptest! {
        #[test]
        fn nothing_but_spaces_and_line_ends_is_changed(text in "[a-zä晨 \n]{0,80}", width in 1usize..40) {
            let without = |text: &str| text.split([' ', '\n']).collect::<String>();
            prop_assert_eq!(without(&wrapped(&text, width)), without(&text));
        }

        #[test]
        fn no_line_is_wider_unless_it_is_one_word(text in "[a-zä晨 ]{0,80}", width in 1usize..40) {
            for line in wrapped(&text, width).lines() {
                prop_assert!(measure_text_width(line.trim_end()) <= width || !line.trim().contains(' '), "{line:?}");
            }
        }
    }
}
