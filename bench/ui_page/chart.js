// The statistics page's chart as ECharts draws it: bars and a line, SVG renderer, tree-shaken.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);
const { days, cases, alerts } = JSON.parse(document.getElementById("data").textContent);
const chart = init(document.getElementById("chart"), null, { renderer: "svg" });
chart.setOption({
  animation: false,
  aria: { enabled: true, decal: { show: true } },
  legend: {},
  tooltip: { trigger: "axis" },
  xAxis: { type: "category", data: days },
  yAxis: { type: "value" },
  series: [{ type: "bar", name: "案件", data: cases }, { type: "line", name: "预警", data: alerts }],
});
