// A click goes to Python at once. streamlit-folium waits a quarter of a second for a second one.
const SENT = ["last_clicked", "last_active_drawing"];

/** Send what streamlit-folium is about to send; finding it sent, it then stays silent. */
function tell() {
  const heard = window.__GLOBAL_DATA__;
  if (!heard || !window.Streamlit) return;
  const known = { last_clicked: heard.lat_lng_clicked, ...heard };
  const wanted = SENT.filter((name) => heard.returned_objects?.includes(name));
  const answer = Object.fromEntries(wanted.map((name) => [name, known[name]]));
  if (JSON.stringify(answer) === JSON.stringify(heard.previous_data)) return;
  heard.previous_data = answer;
  window.Streamlit.setComponentValue(answer);
}

/** Tell of a click once everybody who listens has heard of it. */
export const tellSoon = () => setTimeout(tell, 0);
