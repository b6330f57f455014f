//! Views of a small release in every form.

use super::*;
use crate::estimate::tests::graph as made;

fn release() -> Graph {
    made(&[
        ("seed:build", 1, &[]),
        ("source:bash/bash.tar.xz", 1, &[]),
        ("srpm:bash", 1, &["seed:build", "source:bash/bash.tar.xz"]),
        ("rpm:bash", 1, &["seed:build", "srpm:bash", "rpm:readline"]),
        ("srpm:readline", 1, &["seed:build"]),
        ("rpm:readline", 1, &["seed:build", "srpm:readline"]),
        ("sign:bash", 1, &["rpm:bash"]),
        ("derived:core", 1, &["sign:bash"]),
        ("image:core", 1, &["sign:bash", "derived:core"]),
        ("sbom:image-core", 1, &["image:core"]),
    ])
}

fn view(level: Level) -> View {
    View::new(&release(), level, &|node| if node.0 == "rpm:bash" { "due" } else { "cached" })
}

#[test]
fn components_stand_for_all_nodes_about_them() {
    let view = view(Level::Component);
    let points: Vec<(&str, &str, &str, usize)> =
        view.points.iter().map(|point| (&*point.name, &*point.stage, &*point.state, point.nodes)).collect();
    assert_eq!(
        points,
        [
            ("bash", "component", "due", 4),
            ("image:core", "image", "cached", 3),
            ("readline", "component", "cached", 2),
            ("seed:build", "seed", "cached", 1),
        ]
    );
    assert_eq!(view.points[0].needs, [2, 3]);
}

#[test]
fn a_tree_unfolds_each_point_once() {
    let view = view(Level::Component);
    let root = view.find("image:core").expect("a point");
    assert_eq!(
        view.show(Some((root, Direction::Needs, 9)), Form::Text),
        "image:core  [cached]\n└─ bash  [due]\n   ├─ readline  [cached]\n   │  └─ seed:build  [cached]\n   └─ seed:build  [cached]\n"
    );
    let root = view.find("seed:build").expect("a point");
    assert_eq!(
        view.show(Some((root, Direction::NeededBy, 1)), Form::Text),
        "seed:build  [cached]\n├─ bash  [due]  …\n└─ readline  [cached]  …\n"
    );
}

#[test]
fn a_part_keeps_the_edges_within_it() {
    let view = view(Level::Node);
    let from = view.find("rpm:bash").expect("a point");
    let part = view.around(from, Direction::Needs, 1);
    let names: Vec<&str> = part.points.iter().map(|point| point.name.as_str()).collect();
    assert_eq!(names, ["rpm:bash", "rpm:readline", "seed:build", "srpm:bash"]);
    assert_eq!(part.points[3].needs, [2]);
    let dot = view.show(Some((from, Direction::Needs, 1)), Form::Dot);
    assert!(dot.contains("\"rpm:readline\" -> \"rpm:bash\";") && !dot.contains("sign:bash"), "{dot}");
    let json: serde_json::Value = serde_json::from_str(&part.show(None, Form::Json)).expect("JSON");
    assert_eq!((&json["schema"], &json["points"]["srpm:bash"]["needs"][0]), (&2.into(), &"seed:build".into()));
}

#[test]
fn an_unknown_point_is_refused_with_the_nearest() {
    let Err(Failure::Configuration(found)) = view(Level::Component).find("bsh") else { panic!("it is unknown") };
    assert!(format!("{:?}", found[0]).contains("did you mean `bash`?"), "{found:?}");
}

#[test]
fn what_is_needed_is_drawn_left_of_what_needs_it_and_circles_end() {
    let view = view(Level::Node);
    let places = layout::places(&view);
    for (at, point) in view.points.iter().enumerate() {
        assert!(point.needs.iter().all(|need| places[*need].0 < places[at].0), "{}", point.name);
    }
    let distinct: BTreeSet<_> = places.iter().collect();
    assert_eq!(distinct.len(), places.len());
    let mut circle = view.clone();
    circle.points[0].needs = vec![1];
    circle.points[1].needs = vec![0];
    assert_eq!(layout::places(&circle).len(), view.points.len());
}

#[test]
fn a_page_is_one_file_whatever_its_names() {
    let mut view = view(Level::Component);
    view.points[0].name = "</script><img src=x onerror=alert(1)>".to_owned();
    let page = page("<release>", &[&view], Some("</script>"));
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<img") && !page.contains("http") && page.contains("<title>&lt;release&gt;"), "{page}");
}
