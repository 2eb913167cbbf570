//! The words under which a case is found: names, references and places, Chinese by two characters.

/// Splits text into words for the index. Latin words stand as they are; a run of Chinese gives its
/// characters and each pair of neighbours, so that any two of them are found.
pub fn words(texts: &[&str]) -> String {
    let mut words = Vec::new();
    for text in texts {
        let mut latin = String::new();
        let mut run: Vec<char> = Vec::new();
        for letter in text.to_lowercase().chars() {
            match (is_ideograph(letter), letter.is_alphanumeric()) {
                (true, _) => {
                    flush(&mut latin, &mut words);
                    run.push(letter);
                }
                (false, is_word) => {
                    flush_run(&mut run, &mut words);
                    match is_word {
                        true => latin.push(letter),
                        false => flush(&mut latin, &mut words),
                    }
                }
            }
        }
        flush(&mut latin, &mut words);
        flush_run(&mut run, &mut words);
    }
    words.join(" ")
}

/// A query of the index that finds every case with all these words, begun words included.
pub fn query(typed: &str) -> String {
    let mut terms = Vec::new();
    for word in typed.split_whitespace().take(8) {
        let split = words(&[word]);
        for term in split.split(' ').filter(|term| !term.is_empty()) {
            terms.push(format!("\"{term}\"*"));
        }
    }
    terms.join(" ")
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

fn flush_run(run: &mut Vec<char>, words: &mut Vec<String>) {
    if let [one] = run.as_slice() {
        words.push(one.to_string());
    }
    words.extend(run.windows(2).map(|pair| pair.iter().collect()));
    run.clear();
}

fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_split_into_pairs_and_the_rest_into_words() {
        assert_eq!(words(&["王小明", "S-1 Lake Rd"]), "王小 小明 s 1 lake rd");
        assert_eq!(query("小明 lak"), "\"小明\"* \"lak\"*");
        assert_eq!(query("\"; DROP"), "\"drop\"*");
    }
}
