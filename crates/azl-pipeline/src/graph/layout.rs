//! Where the points of a view are drawn: what is needed is left of what needs it.
//!
//! **Invariant:** the places are a function of the view; a circle among components (a component and its bootstrap
//! variant) costs an edge that leads back, nothing else.

use super::{Direction, View};

/// Most points drawn in one column; a layer that has more takes several.
const ROWS: usize = 60;
/// Times that the order within layers is made better.
const SWEEPS: usize = 4;

/// Returns column and row of each point.
pub(super) fn places(view: &View) -> Vec<(usize, usize)> {
    let needs = view.edges(Direction::Needs);
    let needed_by = view.edges(Direction::NeededBy);
    let layers = layers(&needs);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); layers.iter().max().map_or(0, |last| last + 1)];
    for (point, layer) in layers.iter().enumerate() {
        columns[*layer].push(point);
    }
    let mut row = vec![0.0; view.points.len()];
    for sweep in 0..=SWEEPS {
        let edges = if sweep % 2 == 0 { &needs } else { &needed_by };
        for column in &mut columns {
            if sweep > 0 {
                arrange(column, edges, &row);
            }
            for (place, point) in column.iter().enumerate() {
                row[*point] = (place as f64 + 0.5) / column.len() as f64;
            }
        }
    }
    unfold(&columns, view.points.len())
}

/// Sorts a column by the mean row of each point's neighbours.
fn arrange(column: &mut [usize], edges: &[Vec<usize>], row: &[f64]) {
    let mean = |point: usize| match edges[point].as_slice() {
        [] => row[point],
        near => near.iter().map(|near| row[*near]).sum::<f64>() / near.len() as f64,
    };
    column.sort_by(|one, other| mean(*one).total_cmp(&mean(*other)).then(one.cmp(other)));
}

/// Breaks layers into columns of the drawing.
fn unfold(layers: &[Vec<usize>], points: usize) -> Vec<(usize, usize)> {
    let mut places = vec![(0, 0); points];
    let mut first = 0;
    for layer in layers {
        let columns = layer.len().div_ceil(ROWS).max(1);
        let rows = layer.len().div_ceil(columns).max(1);
        for (place, point) in layer.iter().enumerate() {
            places[*point] = (first + place / rows, place % rows);
        }
        first += columns;
    }
    places
}

/// Returns how many steps each point is from those that need nothing, along the longest way; edges that close a circle
/// are left out.
fn layers(needs: &[Vec<usize>]) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Done,
    }
    let mut seen = vec![Seen::Not; needs.len()];
    let mut layers = vec![0; needs.len()];
    for start in 0..needs.len() {
        if seen[start] != Seen::Not {
            continue;
        }
        seen[start] = Seen::Open;
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            let Some(need) = needs[at].get(*next).copied() else {
                seen[at] = Seen::Done;
                path.pop();
                if let Some((before, _)) = path.last() {
                    layers[*before] = layers[*before].max(layers[at] + 1);
                }
                continue;
            };
            *next += 1;
            match seen[need] {
                Seen::Not => {
                    seen[need] = Seen::Open;
                    path.push((need, 0));
                }
                Seen::Done => layers[at] = layers[at].max(layers[need] + 1),
                Seen::Open => {}
            }
        }
    }
    layers
}
