"""What a request to the page says of who asks: the scope behind Gradio's own request, and the reader's language.

Layer: chatbot. Imports nothing of Gradio.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbot.format import choose_locale

# A button in our HTML says what it does in data-act and with what in data-value.
ON_CLICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button && element.contains(button) && !button.disabled) {
    const field = button.dataset.from ? element.querySelector('#' + button.dataset.from) : null;
    const event = button.dataset.act === 'halt' ? 'halt' : 'act';  // heard while an act is on its way
    trigger(event, {act: button.dataset.act, value: field ? field.value : button.dataset.value || ''});
  }
});
"""


def scope_of(request: Any) -> Mapping[str, Any]:
    """Return the scope of the request behind Gradio's own."""
    return getattr(getattr(request, "request", None), "scope", {})


def locale_of(request: Any) -> str:
    """Return the language that numbers and days are written in."""
    return choose_locale(request.headers.get("accept-language"))


def act_of(event: Any) -> tuple[str, str]:
    """Return what a button in our HTML does, and with what."""
    return str(getattr(event, "act", "")), str(getattr(event, "value", ""))
