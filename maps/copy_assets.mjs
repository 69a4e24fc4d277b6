// Copies what the maps need out of node_modules into assets/, with licences and digests.
//
// Run after `npm ci`. The folder is written aside and swapped in, so that a broken copy never
// replaces a good one.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "assets");
const aside = join(here, `assets.new-${process.pid}`);

const FILES = [
  { package: "leaflet", from: "dist/leaflet.js", to: "leaflet.js" },
  { package: "leaflet", from: "dist/leaflet.css", to: "leaflet.css" },
  { package: "leaflet", from: "dist/images/layers.png", to: "images/layers.png" },
  { package: "leaflet", from: "dist/images/layers-2x.png", to: "images/layers-2x.png" },
  { package: "leaflet", from: "dist/images/marker-icon.png", to: "images/marker-icon.png" },
  { package: "leaflet", from: "LICENSE", to: "leaflet.LICENSE.txt" },
  { package: "swagger-ui-dist", from: "swagger-ui-bundle.js", to: "swagger-ui-bundle.js" },
  { package: "swagger-ui-dist", from: "swagger-ui.css", to: "swagger-ui.css" },
  { package: "swagger-ui-dist", from: "LICENSE", to: "swagger-ui.LICENSE.txt" },
  { package: "swagger-ui-dist", from: "NOTICE", to: "swagger-ui.NOTICE.txt" },
];

function versionOf(name) {
  const file = join(here, "node_modules", name, "package.json");
  if (!existsSync(file)) {
    console.error(`${name} is not installed: run "npm ci" in ${here} first`);
    process.exit(1);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

rmSync(aside, { recursive: true, force: true });
mkdirSync(aside, { recursive: true });

const listed = FILES.map((file) => {
  const { version, license } = versionOf(file.package);
  const source = join(here, "node_modules", file.package, file.from);
  const copy = join(aside, file.to);
  mkdirSync(dirname(copy), { recursive: true });
  if (file.to.endsWith(".js")) {
    // A source-map comment makes developer tools ask for a file that is not shipped.
    const text = readFileSync(source, "utf8").replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n");
    writeFileSync(copy, text);
  } else {
    cpSync(source, copy);
  }
  const sha256 = createHash("sha256").update(readFileSync(copy)).digest("hex");
  return { name: file.to, package: file.package, version, license, sha256 };
});
writeFileSync(join(aside, "assets.json"), `${JSON.stringify({ files: listed }, null, 2)}\n`);

rmSync(target, { recursive: true, force: true });
renameSync(aside, target);
console.log(`${listed.length} files in ${target}`);
