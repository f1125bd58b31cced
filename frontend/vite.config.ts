import { type Plugin } from "vite";
import { defineConfig } from "vitest/config";

// Neuroglancer leaves every data source in by default; only what the portal serves or links to is built.
const conditions = [
  "neuroglancer/datasource:none_by_default",
  ...["zarr", "precomputed", "n5"].map((name) => `neuroglancer/datasource/${name}:enabled`),
  "neuroglancer/kvstore:none_by_default",
  ...["http", "s3", "zip", "gzip", "byte_range"].map((name) => `neuroglancer/kvstore/${name}:enabled`),
  "module",
  "browser",
  "production",
];

// Vite recognises a worker only in the exact form `new Worker(new URL(…))`. With a comment in between it
// silently emits no worker and the viewer stays empty.
const bundleNeuroglancerWorkers = (): Plugin => ({
  name: "bundle-neuroglancer-workers",
  enforce: "pre",
  transform: {
    filter: { code: /webpackChunkName/ },
    handler: (code) => ({
      code: code.replace(/\/\*\s*webpackChunkName.*?\*\//g, (it) => " ".repeat(it.length)),
      map: null,
    }),
  },
});

// Neuroglancer 2.41 looks for folders in a bucket's listing without the namespace that it demands of it, and finds none.
const readBucketListings = (): Plugin => ({
  name: "read-bucket-listings",
  enforce: "pre",
  transform: {
    filter: { id: /neuroglancer\/lib\/kvstore\/s3\/list\.js/ },
    handler: (code) => ({
      code: code.replace(/"\/\/(CommonPrefixes|Contents)\/(\w+)"/g, '"//s3:$1/s3:$2"'),
      map: null,
    }),
  },
});

export default defineConfig({
  base: "",
  plugins: [bundleNeuroglancerWorkers(), readBucketListings()],
  resolve: {
    conditions,
    // ikonate 1.1.1 from the registry lacks three icons of the git revision that Neuroglancer names.
    alias: [
      { find: /^ikonate\/icons\/(layers|controls-alt|code-alt)\.svg/, replacement: "/src/icons/$1.svg" },
      // Its own takes a failed request for an absent object: the viewer would show empty space where there is none.
      { find: /^#src\/util\/http_request\.js$/, replacement: "/src/viewer/http_request.ts" },
    ],
  },
  worker: { format: "es", plugins: () => [bundleNeuroglancerWorkers()] },
  build: {
    target: "es2023",
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 3000,
    rollupOptions: { input: ["src/viewer.ts", "src/site.ts", "src/slices.ts", "src/compare.ts", "src/api.ts"] },
  },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
