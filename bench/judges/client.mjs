// What the client of @civitai/cybertipline-tools makes of our simulated CyberTipline.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, address, username, password] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/package.json`));
const tools = require("@civitai/cybertipline-tools");

const client = new tools.Client({
  environment: tools.Environment.Testing,
  credentials: { username, password },
});
// It knows only the authority's own addresses.
client.baseUrl = address;

await client.getStatus();
const opened = await client.submitReport({
  incidentSummary: {
    // Its "OnlineEnticement" lacks the last letter that the other implementations have.
    incidentType: tools.IncidentType.ChildSexTrafficking,
    incidentDateTime: new Date("2026-01-05T09:00:00Z"),
  },
  reporter: { reportingPerson: { firstName: "Ex", lastName: "Ample" } },
});
const id = opened.data.reportId;
const sent = await client.uploadFile({ id, file: new File(["benign bytes"], "a.jpg") });
await client.submitFileDetails({
  reportId: Number(id),
  fileId: sent.data.fileId,
  originalFileName: "a.jpg",
  fileViewedByEsp: false,
});
const done = await client.finishReport({ id });
console.log(`@civitai/cybertipline-tools: client: code ${done.data.responseCode}, report finished`);
