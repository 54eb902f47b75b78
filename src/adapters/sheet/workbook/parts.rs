//! Which part of an Excel archive is which, as its own lists say.

use std::collections::{HashMap, HashSet};
use std::io::BufReader;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::Stop;
use super::archive::{Archive, zip_error};

/// The first list of an archive, which names the list of tabs.
pub(super) const ROOT: &str = "_rels/.rels";

/// A name of a part as all programs take it: in lower case, with `/` between its parts.
pub(super) fn usual(name: &str) -> String {
    name.replace('\\', "/").to_lowercase()
}

/// The folder of a part with its `/`, and the name within.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.split_at(name.rfind('/').map_or(0, |slash| slash + 1))
}

/// Where the part with this usual name stands in the archive.
pub(super) fn index_of(archive: &Archive, name: &str) -> Option<usize> {
    (0..archive.len()).find(|&index| name_of(archive, index).is_some_and(|known| known == name))
}

/// The usual name of the part at this place.
pub(super) fn name_of(archive: &Archive, index: usize) -> Option<String> {
    archive.name_for_index(index)?.ok().map(|name| usual(&name))
}

/// The usual name of the part that lists the tabs.
pub(super) fn main(archive: &mut Archive) -> Result<Option<String>, Stop> {
    let mut main = None;
    elements(archive, ROOT, |name, element| {
        let is_main = |kind: &String| kind.ends_with("/relationships/officeDocument");
        if name == "Relationship" && attribute(element, "Type").as_ref().is_some_and(is_main) {
            main = attribute(element, "Target");
        }
        true
    })?;
    Ok(main.map(|main| usual(main.strip_prefix('/').unwrap_or(&main))))
}

/// The tabs by their names, each with the usual name of its part.
///
/// # Errors
/// Two tabs are one part: whoever looks through all of them would be kept busy for nothing.
pub(super) fn tabs(archive: &mut Archive) -> Result<Vec<(String, String)>, Stop> {
    let Some(main) = main(archive)? else { return Ok(Vec::new()) };
    let (folder, base) = main
        .rsplit_once('/')
        .map_or(("", main.as_str()), |(_, base)| main.split_at(main.len() - base.len()));
    let mut targets = HashMap::new();
    elements(archive, &format!("{folder}_rels/{base}.rels"), |name, element| {
        if name == "Relationship" {
            targets.extend(attribute(element, "Id").zip(attribute(element, "Target")));
        }
        true
    })?;
    let (mut tabs, mut seen, mut twice) = (Vec::new(), HashSet::new(), false);
    elements(archive, &main, |name, element| {
        if name == "sheet"
            && let Some((tab, target)) = attribute(element, "name").zip(attribute(element, "id").and_then(|id| targets.get(&id)))
        {
            let part = match target.strip_prefix('/') {
                Some(whole) => usual(whole),
                None => format!("{folder}{}", usual(target)),
            };
            twice |= !seen.insert(part.clone());
            tabs.push((tab, part));
        }
        !twice
    })?;
    if twice {
        return Err(Stop::hostile("two of its tabs are one"));
    }
    Ok(tabs)
}

/// Shows every element that starts in a part, by its name without a prefix, until `look` has seen enough. A part that is not
/// there has none.
pub(super) fn elements(archive: &mut Archive, part: &str, mut look: impl FnMut(&str, &BytesStart<'_>) -> bool) -> Result<(), Stop> {
    let Some(index) = index_of(archive, part) else { return Ok(()) };
    let part = archive.by_index(index).map_err(|error| zip_error(&error))?;
    let mut xml = Reader::from_reader(BufReader::with_capacity(64 * 1024, part));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| Stop::broken(&error))? {
            Event::Start(element) | Event::Empty(element) if !look(element.local_name().as_ref(), &element) => return Ok(()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// An attribute by its name without a prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    attributes.with_checks(false);
    let found = attributes.flatten().find(|found| found.key.local_name().as_ref() == name)?;
    unescape(&found.value).ok().map(std::borrow::Cow::into_owned)
}
