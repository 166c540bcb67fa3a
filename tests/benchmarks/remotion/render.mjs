// node render.mjs OUT.mp4 CRF PROPS.json: bundles index.jsx beside it and renders it with the Chromium of this machine.
import { bundle } from "@remotion/bundler";
import { renderMedia, selectComposition } from "@remotion/renderer";
import { readFileSync } from "node:fs";
import path from "node:path";

const [out, crf, props] = process.argv.slice(2);
const inputProps = JSON.parse(readFileSync(props, "utf8"));
const browserExecutable = process.env.CHROMIUM;
const here = import.meta.dirname;
const serveUrl = await bundle({ entryPoint: path.join(here, "index.jsx"), publicDir: path.join(here, "public") });
const shared = { serveUrl, inputProps, browserExecutable, chromeMode: process.env.CHROME_MODE, logLevel: "error" };
const composition = await selectComposition({ ...shared, id: "film" });
await renderMedia({
  ...shared, composition, outputLocation: out, codec: "h264", x264Preset: "veryfast", crf: Number(crf), concurrency: 1,
  imageFormat: "jpeg", jpegQuality: 95, pixelFormat: "yuv420p", muted: true,
});
