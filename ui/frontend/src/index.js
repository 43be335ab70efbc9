// The names that a page's map script calls. Everything that draws text uses textContent: no value
// from a table is ever parsed as HTML.
import L from "leaflet";
import { frame, put, settle } from "./stage.js";

const style = document.createElement("style");
style.textContent = ROOMPLAN_CSS;
document.head.append(style);

window.L = L;
window.roomplan = { frame, put, settle };
