//! `graph`: what would be done, as text, dot or JSON.

use azl_action::Graph;

/// How a graph is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One line a node: name, kind, what it needs.
    Text,
    /// Graphviz.
    Dot,
    /// A JSON object of nodes.
    Json,
}

/// Shows the nodes whose name holds `filter` (all, if it is empty).
pub fn show(graph: &Graph, filter: &str, form: Form) -> String {
    let chosen = graph.nodes().iter().filter(|(id, _)| id.0.contains(filter));
    match form {
        Form::Text => chosen
            .map(|(id, node)| {
                let needs: Vec<&str> = graph.needs(id).iter().map(|need| need.0.as_str()).collect();
                format!("{id:<44} {:<8} {}\n", node.derivation.kind(), needs.join(" "))
            })
            .collect(),
        Form::Dot => {
            let edges: String = chosen
                .flat_map(|(id, _)| graph.needs(id).iter().map(move |need| format!("  \"{need}\" -> \"{id}\";\n")))
                .collect();
            format!("digraph release {{\n  rankdir=LR;\n{edges}}}\n")
        }
        Form::Json => {
            let nodes: serde_json::Map<String, serde_json::Value> = chosen
                .map(|(id, node)| {
                    let needs: Vec<&str> = graph.needs(id).iter().map(|need| need.0.as_str()).collect();
                    (id.0.clone(), serde_json::json!({ "kind": node.derivation.kind(), "needs": needs }))
                })
                .collect();
            format!("{}\n", serde_json::json!({ "schema": 1, "nodes": nodes }))
        }
    }
}
