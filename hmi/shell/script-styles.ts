// Lets a terminal style itself under the page's policy, which forbids style elements and style attributes: what it
// writes into those becomes style sheets of the document and what a script may set. The policy stays as it is.

let set = false;

/** From now on, for the whole page: the terminal's own code asks the document and its elements, not us. */
export function styleByScript(): void {
  if (set) return;
  set = true;
  const create = document.createElement.bind(document);
  document.createElement = (name: string, options?: ElementCreationOptions): HTMLElement =>
    name === 'style' ? sheetElement(create('span')) : create(name, options);
  HTMLSpanElement.prototype.setAttribute = function (name, value) {
    if (name === 'style') this.style.cssText = value;
    else Element.prototype.setAttribute.call(this, name, value);
  };
}

/** `place` where a style element would be: its text is a sheet of the document for as long as it stands there. */
function sheetElement(place: HTMLElement): HTMLElement {
  const sheet = new CSSStyleSheet();
  place.hidden = true;
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  Object.defineProperty(place, 'textContent', {
    set: (text: string) => {
      sheet.replaceSync(text);
    },
  });
  place.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
    Element.prototype.remove.call(place);
  };
  return place;
}
