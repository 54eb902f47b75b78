//! What a run does with every row: pure, so that check, preview, status and run cannot disagree.
