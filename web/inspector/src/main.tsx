import { createRoot } from "react-dom/client";
import { App } from "./app";
import "uplot/dist/uPlot.min.css";
import "./palette.css";
import "./inspector.css";
import "./overview/overview.css";
import "./parts/tree.css";
import "./room/room.css";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
