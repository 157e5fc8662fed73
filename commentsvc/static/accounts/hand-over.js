// How does the page that asked for a sign-in get its code?
const { origin, code, state, returnTo } = document.getElementById("hand-over").dataset;

if (returnTo) {
  location.replace(`${returnTo}#comments-code=${encodeURIComponent(code)}&state=${encodeURIComponent(state)}`);
} else if (window.opener) {
  // The exact origin: a page that took its place meanwhile hears nothing.
  window.opener.postMessage({ code, state }, origin);
  window.close();
} else {
  document.getElementById("hand-over").hidden = true;
  document.getElementById("stranded").hidden = false;
}
