// As much of a browser as the page of an answer asks for; `told` of a context is what was asked of it.
class Node {
  constructor(name) { Object.assign(this, {name, children: [], attributes: {}, heard: {}, dataset: {}, hidden: false}); }
  append(...children) { this.children.push(...children); }
  replaceChildren(...children) { this.children = children; }
  setAttribute(key, value) { this.attributes[key] = value; }
  addEventListener(name, listener) { this.heard[name] = listener; }
  get lastChild() { return this.children[this.children.length - 1]; }
  get words() { return (this.textContent || "") + this.children.map(c => c.words === undefined ? c : c.words).join(""); }
  getContext() { return context(); }
  find(test) {
    if (test(this)) return this;
    for (const child of this.children) { const found = child instanceof Node && child.find(test); if (found) return found; }
    return null;
  }
}
function context() {
  const told = {buffers: {}, uniforms: {}, draws: [], sources: []}, names = ["place", "normal", "photo", "states"];
  let bound = null, filled = null;
  const known = {
    told, getContextAttributes: () => ({}), getShaderParameter: () => true, getProgramParameter: () => true,
    shaderSource: (_shader, text) => told.sources.push(text),
    getAttribLocation: (_program, name) => names.indexOf(name), getUniformLocation: (_program, name) => name,
    bindBuffer: target => { bound = target; },
    bufferData: (target, values) => { filled = values; if (target === "ELEMENT_ARRAY_BUFFER") told.triangles = values; },
    vertexAttribPointer: at => { told.buffers[names[at]] = filled; },
    drawElements: (_mode, count, type) => told.draws.push([count, type]),
  };
  return new Proxy(known, {get: (of, name) => name in of ? of[name] : name === String(name).toUpperCase() ? name
    : name.startsWith("uniform") ? (place, ...values) => { told.uniforms[place] = values[values.length - 1]; }
    : () => name});
}
const body = new Node("body"), window = {devicePixelRatio: 1};
for (const id of ["told", "bar", "panels", "legend", "data"]) body.append(Object.assign(new Node("div"), {id}));
const document = {
  body, createElement: name => new Node(name),
  createElementNS: (space, name) => Object.assign(new Node(name), {namespaceURI: space}),
  getElementById: id => body.find(node => node.id === id),
  querySelector: words => { const [id, kind] = words.split(" ");
    return document.getElementById(id.slice(1)).find(node => node.className === kind.slice(1)); },
};
class Image extends Node { constructor() { super("img"); } }
class ResizeObserver { observe() {} }
function atob(text) { return host_bytes[text]; }
Array.prototype.flat = function () { return [].concat(...this); };  // Qt's engine has none
