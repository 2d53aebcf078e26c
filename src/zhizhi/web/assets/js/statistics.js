// A page of statistics: what every page has, and charts that tell their values.
import "./page.js";
import "./chart.js";
