//! The links between the documents: each leads to a file that is there, and to a heading that it has.

use std::fs;
use std::path::{Path, PathBuf};

use super::root;

/// The documents of the checkout.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !name.starts_with('.') && !["target", "node_modules"].contains(&name) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found
}

/// The targets of the links in a text, without those in code.
fn targets(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split("](").skip(1)).map(|rest| rest.split([')', ' ']).next().unwrap()).collect()
}

/// The names by which the headings of a document are linked to, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut checked = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for target in targets(&text).into_iter().filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { document.clone() } else { document.parent().unwrap().join(file) };
            assert!(file.exists(), "{}: {target} leads nowhere", document.display());
            if !anchor.is_empty() {
                let there = fs::read_to_string(&file).unwrap();
                let anchors = anchors(&there);
                assert!(anchors.iter().any(|name| name == anchor), "{}: {target}: of {anchors:?}", document.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 5, "{checked}");
}

#[test]
fn readme_links_to_every_document() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let targets = targets(&readme);
    for entry in fs::read_dir(root().join("docs")).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            continue;
        }
        let name = format!("docs/{}", entry.file_name().to_str().unwrap());
        assert!(
            targets.iter().any(|target| Path::new(target.split('#').next().unwrap()) == Path::new(&name)),
            "{name}"
        );
    }
}
