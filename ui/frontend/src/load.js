/** The data of a source: given in the page, or fetched from this app's own static files. */
export async function load(given) {
  if (given.data) return given.data;
  const answer = await fetch(new URL(given.url, document.baseURI));
  if (!answer.ok) throw new Error(`${given.url}: ${answer.status}`);
  return answer.json();
}
