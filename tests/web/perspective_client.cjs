// Calls a service through npm's perspective-api-client as docs/perspective.md says: only the host is another.
const Perspective = require("perspective-api-client");
const axios = require(require.resolve("axios", { paths: [require.resolve("perspective-api-client")] }));

const [host, apiKey, text] = process.argv.slice(2);
axios.interceptors.request.use((call) => ({ ...call, url: call.url.replace("https://commentanalyzer.googleapis.com", host) }));

const attributes = ["toxicity", "severe_toxicity", "insult"];
new Perspective({ apiKey }).analyze(text, { attributes }).then(
  (answer) => process.stdout.write(JSON.stringify(answer)),
  (error) => process.stdout.write(JSON.stringify({ name: error.name, message: error.message })),
);
