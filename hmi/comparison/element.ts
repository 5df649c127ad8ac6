// Elements of the comparison page, made without markup: a name in the data never becomes a tag.

type Child = Node | string;

export interface Attributes {
  readonly [name: string]: string | number | undefined;
}

/** An element of HTML. */
export function html<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  children: readonly Child[] = [],
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  set(element, attributes);
  element.append(...children);
  return element;
}

/** An element of a drawing. */
export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  children: readonly Child[] = [],
): SVGElementTagNameMap[Name] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  set(element, attributes);
  element.append(...children);
  return element;
}

/** A button that does one thing. */
export function button(text: string, help: string, act: () => void): HTMLButtonElement {
  const element = html('button', { type: 'button', title: help, 'aria-label': help }, [text]);
  element.addEventListener('click', act);
  return element;
}

function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, String(value));
  }
}
