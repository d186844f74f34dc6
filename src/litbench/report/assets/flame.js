// Search and zoom in flame graphs (svg.flame), in a page or in a file of their own.
(function () {
function prepare(svg) {
  var frames = Array.prototype.slice.call(svg.querySelectorAll('g.f'));
  var said = svg.querySelector('.said'), input = svg.querySelector('input');
  var whole = svg.viewBox.baseVal.width, letter = 6.6;
  frames.forEach(function (g) {
    var r = g.querySelector('rect');
    g.x0 = +r.getAttribute('x'); g.w0 = +r.getAttribute('width');
    g.y0 = +r.getAttribute('y'); g.name = g.getAttribute('data-name');
    g.fill = r.getAttribute('fill');
  });
  function draw(from, width) {
    frames.forEach(function (g) {
      var r = g.querySelector('rect'), t = g.querySelector('text');
      var left = Math.max((g.x0 - from) / width, 0);
      var right = Math.min((g.x0 + g.w0 - from) / width, 1);
      var w = (right - left) * whole;
      g.style.display = w < 0.2 ? 'none' : '';
      r.setAttribute('x', left * whole); r.setAttribute('width', Math.max(w, 0));
      var letters = Math.floor((w - 4) / letter);
      t.setAttribute('x', left * whole + 3);
      t.textContent = letters < 3 ? '' :
        g.name.length <= letters ? g.name : g.name.slice(0, letters - 1) + '\u2026';
    });
  }
  function find() {
    var word = input.value.toLowerCase(), spans = [];
    frames.forEach(function (g) {
      var hit = word && g.name.toLowerCase().indexOf(word) >= 0;
      g.querySelector('rect').setAttribute('fill', hit ? '#c026d3' : g.fill);
      if (hit) spans.push([g.x0, g.x0 + g.w0]);
    });
    spans.sort(function (a, b) { return a[0] - b[0]; });
    var sum = 0, end = -1;
    spans.forEach(function (s) {
      sum += Math.max(s[1] - Math.max(s[0], end), 0); end = Math.max(end, s[1]);
    });
    said.textContent = word ? 'matched: ' + (100 * sum / whole).toFixed(1) + ' %' : '';
  }
  frames.forEach(function (g) {
    g.addEventListener('click', function () { draw(g.x0, g.w0); });
    g.addEventListener('mouseenter', function () {
      if (!input.value) said.textContent = g.querySelector('title').textContent;
    });
  });
  svg.querySelector('.reset').addEventListener('click', function () { draw(0, whole); });
  input.addEventListener('input', find);
}
Array.prototype.forEach.call(document.querySelectorAll('svg.flame'), prepare);
})();
