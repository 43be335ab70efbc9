// Geometry travels as whole numbers of 1e-5 degrees, each ring as differences.
const UNIT = 1e-5;

/** A ring of differences to Leaflet's [lat, lng] pairs. */
export function ring(differences) {
  const out = new Array(differences.length / 2);
  let x = 0;
  let y = 0;
  for (let i = 0; i < out.length; i++) {
    x += differences[2 * i];
    y += differences[2 * i + 1];
    out[i] = [y * UNIT, x * UNIT];
  }
  return out;
}

/** A shape (polygons of rings of differences) to what L.polygon takes. */
export const shape = (polygons) => polygons.map((rings) => rings.map(ring));

/** Base64 of little-endian 16-bit numbers, spread over a box, to degrees. */
export function quantised(base64, [west, south, east, north]) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const n = bytes.length / 4;
  const lng = new Float64Array(n);
  const lat = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    lng[i] = west + (view.getUint16(4 * i, true) / 65535) * (east - west);
    lat[i] = south + (view.getUint16(4 * i + 2, true) / 65535) * (north - south);
  }
  return { lng, lat, n };
}
