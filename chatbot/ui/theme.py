"""The page's look for Gradio's own parts: a quiet paper and ink theme with one accent. No font leaves the server.

Layer: chatbot. Imports Gradio.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

ACCENT = gr.themes.Color(
    name="ink", c50="#eef5f8", c100="#d7e7ef", c200="#b2d0df", c300="#84b3ca", c400="#5293b2", c500="#2f7597",
    c600="#1f5f7f", c700="#194d67", c800="#153f55", c900="#113346", c950="#0a202d",
)  # fmt: skip


def make_theme() -> Any:
    """Return the theme. Colours of our own parts are in the style sheet, by the same names for light and dark."""
    return gr.themes.Base(
        primary_hue=ACCENT,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=("DT Inter", "system-ui", "sans-serif"),
        font_mono=("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"),
    ).set(
        body_background_fill="#f6f7f8",
        body_background_fill_dark="#0f1419",
        body_text_color="#17212b",
        body_text_color_dark="#e6eaee",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        input_background_fill="#ffffff",
        input_background_fill_dark="#182028",
        input_border_color="#cfd6dd",
        input_border_color_dark="#33404d",
        button_primary_background_fill="#1f5f7f",
        button_primary_background_fill_hover="#194d67",
        button_primary_background_fill_dark="#2f7597",
        button_primary_background_fill_hover_dark="#3a86ab",
        button_primary_text_color="#ffffff",
    )
