//! What stands in cells: error values, words for nothing, garbled text, names that nobody is greeted by, and no recipients.

use super::cases::{Case, Said, error, named, refused, sheet, warning};
use crate::harness::workbook::{Tab, cell, ods, text, xlsx};

/// A workbook whose row 3 has an error value, as spreadsheet programs store it.
fn workbook(form: fn(&[Tab]) -> Vec<u8>) -> Case {
    let broken = cell(
        "t=\"e\"><f>VLOOKUP(1,A:A,1)</f><v>#N/A</v>",
        "table:formula=\"of:=NA()\" office:value-type=\"string\" office:string-value=\"\" calcext:value-type=\"error\"><text:p>#N/A</text:p>",
    );
    sheet(form(&[Tab::of(
        "People",
        [
            ["First Name", "LinkedIn"].map(text).to_vec(),
            ["Anna", "anna-a"].map(text).to_vec(),
            vec![broken, text("bert-b")],
        ],
    )]))
}

/// Row 3 has a cell with an error value.
fn error_value(cell: &str) -> Said {
    let text = format!("column `First Name` has `{cell}`, a spreadsheet's error value; mend the formula or fill the cell");
    error("error-value", 3, text).in_column("First Name")
}

/// Row 3 has a cell that the message needs, and that has nothing in it.
fn blank() -> Said {
    let text = "column `First Name` is blank, and message.txt line 1 column 7 prints it; \
        fill the cell or write {{ first_name | default(value=\"…\") }}";
    error("blank-cell", 3, text).in_column("First Name")
}

fn odd(code: &'static str, cell: &str, why: &str) -> Said {
    warning(code, 3, format!("column `First Name` has `{cell}`, {why}")).in_column("First Name")
}

fn stands_for_nothing(word: &str) -> Said {
    odd(
        "placeholder-word",
        word,
        "which would be in the message as it stands; fill the cell, or leave it blank",
    )
}

fn garbled(cell: &str) -> Said {
    let why = "which looks like text that was read in a wrong encoding; export the sheet as UTF-8 and look at the name";
    odd("mojibake", cell, why)
}

fn for_a_browser(cell: &str) -> Said {
    odd("html-entity", cell, "which has HTML in it; write the character itself")
}

fn capitals(cell: &str) -> Said {
    odd("name-capitals", cell, "all in capitals; write it as the person does")
}

fn with_title(cell: &str) -> Said {
    let why = "a name with a title, and the template greets by it; leave the title out";
    odd("name-title", cell, why)
}

/// Row 3 has a recipient that is none, for this reason.
fn no_profile(why: &str) -> Said {
    let text = format!(
        "column `LinkedIn`: {why}; expected a profile URL such as 'https://www.linkedin.com/in/jane-doe', or the profile id 'jane-doe'"
    );
    error("bad-recipient", 3, text).in_column("LinkedIn")
}

/// A sheet whose row 3 has this recipient.
fn to(recipient: &str) -> Case {
    sheet(format!("First Name,LinkedIn\nAnna,anna-a\nBert,\"{recipient}\"\n"))
}

cases! {
    // Error values of spreadsheet programs, stored as such or as text.
    fn a_lookup_that_found_nothing(): named("#N/A"), error_value("#N/A");
    fn a_reference_that_is_gone(): named("#REF!"), error_value("#REF!");
    fn a_value_of_a_wrong_kind(): named("#VALUE!"), error_value("#VALUE!");
    fn a_division_by_zero(): named("#DIV/0!"), error_value("#DIV/0!");
    fn a_formula_with_a_wrong_name(): named("#NAME?"), error_value("#NAME?");
    fn an_error_value_in_german(): named("#BEZUG!"), error_value("#BEZUG!");
    fn a_lookup_that_found_nothing_in_german(): named("#NV"), error_value("#NV");
    fn an_error_value_in_spanish(): named("#¡REF!"), error_value("#¡REF!");
    fn an_error_value_of_libreoffice(): named("Err:502"), error_value("Err:502");
    fn an_error_value_of_an_xlsx(): workbook(xlsx), error_value("#N/A");
    fn an_error_value_of_an_ods(): workbook(ods), error_value("#N/A");

    // Nothing where the template needs something.
    fn a_blank_cell(): named(""), blank();
    fn a_cell_of_spaces(): named("   "), blank();
    fn a_cell_of_spaces_that_do_not_break(): named("\u{a0}\u{a0}"), blank();

    // Words for nothing.
    fn the_word_null(): named("null"), stands_for_nothing("null");
    fn the_words_not_available(): named("n/a"), stands_for_nothing("n/a");
    fn the_word_undefined(): named("undefined"), stands_for_nothing("undefined");
    fn a_dash(): named("-"), stands_for_nothing("-");
    fn the_word_tbd(): named("TBD"), stands_for_nothing("TBD");
    fn the_word_test(): named("test"), stands_for_nothing("test");
    fn the_word_none(): named("None"), stands_for_nothing("None");
    fn a_number_that_is_none(): named("NaN"), stands_for_nothing("NaN");
    fn an_object_of_a_program(): named("[object Object]"), stands_for_nothing("[object Object]");

    // Text that was read wrongly once, or was meant for a browser.
    fn a_name_read_in_a_wrong_encoding(): named("ZoÃ«"), garbled("ZoÃ«");
    fn another_name_read_in_a_wrong_encoding(): named("JosÃ©"), garbled("JosÃ©");
    fn a_letter_that_is_lost(): named("Andr\u{FFFD}"), garbled("Andr\u{FFFD}");
    fn an_entity_of_html(): named("O&#39;Neill"), for_a_browser("O&#39;Neill");
    fn another_entity_of_html(): named("Smith &amp; Co"), for_a_browser("Smith &amp; Co");
    fn a_tag_of_html(): named("Bert<br>"), for_a_browser("Bert<br>");
    fn a_line_break_of_a_workbook_as_text(): named("Bert_x000D_"), for_a_browser("Bert_x000D_");

    // Names that nobody is greeted by.
    fn a_name_in_capitals(): named("BERT"), capitals("BERT");
    fn a_name_in_capitals_with_accents(): named("ÉLODIE"), capitals("ÉLODIE");
    fn a_name_with_a_title(): named("Dr. Bert"), with_title("Dr. Bert");
    fn a_name_with_a_title_in_german(): named("Herr Bert"), with_title("Herr Bert");
    fn a_name_of_several_words(): named("Bert Peter"),
        odd("name-words", "Bert Peter", "several words where the template greets by first name; look whether it is the first name alone");

    // Recipients that nobody is.
    fn no_recipient(): to(""),
        error("no-recipient", 3, "column `LinkedIn` is blank; paste a profile URL, a profile id, a profile URN or a conversation URN")
            .in_column("LinkedIn");
    fn a_lead_of_sales_navigator(): to("https://www.linkedin.com/sales/lead/ACwAAA,NAME_SEARCH"),
        no_profile("'https://www.linkedin.com/sales/lead/ACwAAA,NAME_SEARCH' is a Sales Navigator link, whose id the API cannot address: \
            open the lead, choose 'View LinkedIn profile' (or 'Copy LinkedIn.com URL') and paste that");
    fn a_person_of_sales_navigator(): to("https://www.linkedin.com/sales/people/ACwAAA,x"),
        no_profile("'https://www.linkedin.com/sales/people/ACwAAA,x' is a Sales Navigator link, whose id the API cannot address: \
            open the lead, choose 'View LinkedIn profile' (or 'Copy LinkedIn.com URL') and paste that");
    fn a_profile_of_recruiter(): to("https://www.linkedin.com/talent/profile/AEMAAA"),
        no_profile("'https://www.linkedin.com/talent/profile/AEMAAA' is a Recruiter link, whose id the API cannot address: \
            open the person's public profile and paste its address");
    fn the_page_of_a_company(): to("https://www.linkedin.com/company/acme"),
        no_profile("'https://www.linkedin.com/company/acme' is the page of a company, school or group, not of a person");
    fn a_page_of_search_results(): to("https://www.linkedin.com/search/results/people/?keywords=bert"),
        no_profile("'https://www.linkedin.com/search/results/people/?keywords=bert' is a page of search results: \
            open the person's profile and paste its address");
    fn a_message_thread(): to("https://www.linkedin.com/messaging/thread/2-abc==/"),
        no_profile("'https://www.linkedin.com/messaging/thread/2-abc==/' is a link to a message thread, which does not hold the whole \
            conversation URN: paste 'urn:li:msg_conversation:(…)' or the person's profile URL");
    fn an_e_mail_address(): to("bert@example.com"), no_profile("'bert@example.com' is an e-mail address");
    fn a_name_for_a_recipient(): to("Bert Brecht"), no_profile("'Bert Brecht' has spaces in it: a name finds nobody for certain");
    fn a_short_link(): to("https://lnkd.in/abc"),
        no_profile("'https://lnkd.in/abc' is a short link: open it and paste the address it leads to");
    fn another_site(): to("https://example.com/in/bert-b"), no_profile("'https://example.com/in/bert-b' is an address of another site");
    fn an_id_that_lost_its_capitals(): to("acoaab1c2d3e4f5g6h7i8j9k0l1m2n3o4p5"),
        no_profile("'acoaab1c2d3e4f5g6h7i8j9k0l1m2n3o4p5' is an 'ACoAA…' id that lost its capitals: copy it again as it was");
    fn a_urn_that_is_cut_short(): to("urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAB"),
        error("bad-recipient", 3, "column `LinkedIn`: 'urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAB' is a conversation URN that is \
            cut short or damaged: expected 'urn:li:fsd_profile:ACoAA…' or 'urn:li:msg_conversation:(…)'; paste the URL of the profile \
            instead, such as 'https://www.linkedin.com/in/jane-doe'");
    fn a_placeholder_for_a_recipient(): to("{{linkedin}}"), no_profile("'{{linkedin}}' has '{' in it, which no profile id has");
    fn an_error_value_for_a_recipient(): to("#N/A"), no_profile("'#N/A' is no profile");
    fn a_blank_key(): sheet("First Name,LinkedIn,Id\nAnna,anna-a,1\nBert,bert-b,\n").with(&["--key", "Id"]),
        error("blank-key", 3, "column `Id` is blank; it identifies the row, so it must not be blank").in_column("Id");
    fn an_inbox_that_is_none(): sheet("First Name,LinkedIn,Messaging Channel\nAnna,anna-a,\nBert,bert-b,email\n"),
        error("bad-channel", 3, "column `Messaging Channel`: the channel must be auto, sales_navigator or linkedin_inbox")
            .in_column("Messaging Channel");

    // Sheets that mean nothing for certain.
    fn two_columns_for_one_meaning(): sheet("First Name,LinkedIn,Profile URL\nAnna,anna-a,bert-b\n"),
        refused("people.csv line 1: columns 'LinkedIn' and 'Profile URL' both mean recipient; say which with --column recipient=\"LinkedIn\"");
    fn two_columns_of_one_name(): sheet("First Name,LinkedIn,First Name\nAnna,anna-a,Bert\n"),
        refused("people.csv line 1: columns 1 and 3 have the same name 'First Name'; rename one");
    fn two_columns_for_one_variable(): sheet("First Name,LinkedIn,first_name\nAnna,anna-a,Bert\n"),
        refused("people.csv line 1: columns 'First Name' and 'first_name' would both be {{ first_name }} in a template; rename one");
    fn no_column_for_the_recipient(): sheet("First Name,Who\nAnna,anna-a\n"),
        refused("people.csv line 1: no column says who a row addresses: recognised are 'recipient', 'recipient_profile_id', 'profile_id', \
            'profile_url', 'linkedin_url', 'linkedin', 'recipient_profile_urn', 'profile_urn', 'conversation_urn'; or name one with \
            --column recipient=\"…\"; the columns are 'First Name', 'Who'");
    fn a_column_without_a_name(): sheet("First Name,LinkedIn,\nAnna,anna-a,\nBert,bert-b,x\n"),
        refused("people.csv line 3: column 3 has no name but is filled here; give it a name in the header");
    fn cells_that_moved(): sheet("First Name,LinkedIn\nAnna,anna-a\nBrecht,Bert,bert-b\n"),
        refused("people.csv line 3: 3 cells where the header has 2; put a cell that holds the delimiter in quotes, or give the further column a name");
    fn cells_that_are_missing(): sheet("First Name,LinkedIn,City\nAnna,anna-a,Rome\nBert,bert-b\n"),
        refused("people.csv line 3: 2 cells where the header has 3; add the missing delimiters, or check for a line break inside a cell without quotes");
    fn the_header_in_the_middle(): sheet("First Name,LinkedIn\nAnna,anna-a\nFirst Name,LinkedIn\n"),
        refused("people.csv line 3: the header again as a row; delete it here");
    fn lines_above_the_header(): sheet("My export\n\nFirst Name,LinkedIn\nAnna,anna-a\n"),
        refused("people.csv: the first line has one cell and the rows have more: it looks like lines above the header; delete them");
    fn a_sheet_in_an_old_encoding(): sheet(b"First Name,LinkedIn\nAnna,anna-a\nZo\xeb,zoe-z\n".to_vec()),
        refused("people.csv line 3: not UTF-8, and no other encoding was named; it affects 'Zo\\xEB' (line 3). \
            If it comes from an older Excel, say --encoding windows-1252");
    fn a_header_and_nobody(): sheet("First Name,LinkedIn\n"), refused("people.csv: a header and no rows");
    fn results_for_a_sheet(): sheet("row,key,status,success,recipient_urn,LinkedIn,First Name\n2,anna-a,sent,true,,anna-a,Anna\n"),
        refused("people.csv line 1: this is a results file that rowcast wrote; name the sheet that it was made from");
}
