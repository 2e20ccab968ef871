/* The container (see container.py): length of the JSON, the JSON, then the arrays it refers to. */
let data;
const ARRAY_TYPES = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array };

async function readData() {
  const text = atob(document.getElementById("data").textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  if (typeof DecompressionStream === "undefined") {
    throw new Error("this browser is too old to unpack the data (needs DecompressionStream, 2023 or later)");
  }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const size = new DataView(buffer).getUint32(0, true);
  const arrays = Math.ceil((4 + size) / 8) * 8;
  return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)), (_, value) =>
    value && typeof value === "object" && value.array in ARRAY_TYPES
      ? new ARRAY_TYPES[value.array](buffer, arrays + value.offset, value.length)
      : value);
}
