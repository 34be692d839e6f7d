import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

const here = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname);

// As pluvd does it: each path below a page is that page's.
const pagePaths: Plugin = {
  name: "page-paths",
  configureServer(server) {
    server.middlewares.use((request: { url?: string }, _response, next) => {
      const page = /^\/(demo|inspector)(?:\/[^./]*)*$/.exec(request.url ?? "")?.[1];
      if (page) request.url = `/${page}/index.html`;
      next();
    });
  },
};

// Two pages, demo/index.html and inspector/index.html, that share their chunks in /assets. pluvd has
// what is built in its memory; `npm run dev` serves the sources, with rooms from a pluvd on :3000.
export default defineConfig({
  root: here("."),
  appType: "mpa",
  plugins: [react(), pagePaths],
  // The client as it stands in client/src, which needs no dist/ of it.
  resolve: { conditions: ["@pluv-cpp/source", ...defaultClientConditions] },
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { demo: here("demo/index.html"), inspector: here("inspector/index.html") },
    },
  },
  server: {
    proxy: { "/api": { target: "http://127.0.0.1:3000", ws: true } },
  },
});
