import dashgaze

report = dashgaze.validate("dashgaze")
print("sound" if report.ok else report.findings)
