// Questions to the service.

/** Ask the service; a problem document's own words are the error's message. */
export async function ask(path, values = {}) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== undefined);
  const asked = new URLSearchParams(given).toString();
  const answer = await fetch(asked ? `${path}?${asked}` : path, { headers: { Accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail || answer.statusText);
  return body;
}
