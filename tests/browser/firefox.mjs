// Does a reader sign in, vote and stay signed in, in Firefox? It is driven by WebDriver BiDi, which it speaks itself.
//
// node tests/browser/firefox.mjs '{"firefox", "hosts", "story", "email", "password", "preferences"}' prints what was seen.
import puppeteer from "puppeteer-core";

const asked = JSON.parse(process.argv[2]);
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: asked.firefox,
  acceptInsecureCerts: true,
  extraPrefsFirefox: { "network.dns.localDomains": asked.hosts.join(), ...asked.preferences },
});
try {
  process.stdout.write(JSON.stringify(await visit(await browser.newPage())));
} finally {
  await browser.close();
}

/** @param {import("puppeteer-core").Page} page */
async function visit(page) {
  page.setDefaultTimeout(10_000);
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(asked.story);

  const opened = new Promise((resolve) => page.once("popup", resolve));
  await page.locator(inside("button.link")).click();
  const window = await opened;
  await window.locator("input[type=email]").fill(asked.email);
  await window.locator("input[type=password]").fill(asked.password);
  await window.locator("button[type=submit], form button").click();
  const names = [await nameShown(page)];
  await page.reload();
  names.push(await nameShown(page));
  const before = await isPressed(page);
  await page.locator(inside("button.vote.up")).click();
  await page.waitForResponse((answer) => answer.url().endsWith("/vote") && answer.ok());
  await page.reload();
  names.push(await nameShown(page));
  await page.waitForSelector(inside(`button.vote.up[aria-pressed="${!before}"]`));

  const kept = await page.evaluate(() => ({ local: { ...localStorage }, tab: Object.keys(sessionStorage) }));
  return { names, kept, cookie: await page.evaluate(() => document.cookie), problems };
}

/** @param {string} selector in the element's shadow tree */
function inside(selector) {
  return `article-comments >>> ${selector}`;
}

/** @param {import("puppeteer-core").Page} page */
async function nameShown(page) {
  const name = await page.waitForSelector(inside(".account strong"));
  return name?.evaluate((element) => element.textContent);
}

/** @param {import("puppeteer-core").Page} page */
async function isPressed(page) {
  return page.$eval(inside("button.vote.up"), (button) => button.getAttribute("aria-pressed") === "true");
}
