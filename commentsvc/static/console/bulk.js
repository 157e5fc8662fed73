// How far is a bulk decision? Looks again every second, and reloads the page when it has ended.

const run = document.querySelector("#run");

async function look() {
  try {
    const answer = await fetch(location.pathname, { headers: { "X-Part": "progress" } });
    if (answer.status === 401) location.reload();
    if (answer.ok) {
      run.innerHTML = await answer.text();
      if (!run.querySelector('[data-moving="yes"]')) return location.replace(location.pathname);
    }
  } catch {
    // The connection is gone for a moment; the work goes on without us.
  }
  setTimeout(look, 1000);
}

setTimeout(look, 1000);
